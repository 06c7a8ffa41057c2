using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Litestream.Hosting;

/// <summary>Sizes as people write them in configuration: bytes, or with a binary unit (<c>512MiB</c>, <c>1GiB</c>).</summary>
internal static class SizeText
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads a size in bytes. On failure <paramref name="problem"/> says what is wrong and how to write it.</summary>
    public static bool TryParse(string text, out long bytes, [NotNullWhen(false)] out string? problem)
    {
        text = text.Trim();
        bytes = 0;
        var digits = text.AsSpan().IndexOfAnyExcept(Digits);
        var number = digits < 0 ? text.AsSpan() : text.AsSpan(0, digits);
        var unit = text.AsSpan(number.Length).Trim();
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            problem = text.Length == 0
                ? "has no value; write bytes, or a size such as 512MiB or 1GiB"
                : $"'{text}' is not a size; write bytes, or a size such as 512MiB or 1GiB";
            return false;
        }

        if (BytesPerUnit(unit) is not { } scale)
        {
            // KB and MB mean 1000 to some and 1024 to others.
            problem = $"'{text}' has the unknown unit '{unit}'; units are KiB, MiB, GiB and TiB";
            return false;
        }

        if (value > long.MaxValue / scale)
        {
            problem = $"'{text}' is too large";
            return false;
        }

        bytes = (long)(value * scale);
        problem = null;
        return true;
    }

    private static long? BytesPerUnit(ReadOnlySpan<char> unit)
    {
        ReadOnlySpan<string> units = ["B", "KiB", "MiB", "GiB", "TiB"];
        for (var i = 0; i < units.Length; i++)
        {
            if (unit.Equals(units[i], StringComparison.OrdinalIgnoreCase) || (i == 0 && unit.IsEmpty))
            {
                return 1L << (10 * i);
            }
        }

        return null;
    }
}
