using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Litestream.Hosting;

/// <summary>
/// Durations as people write them in configuration: Go's spelling, which Litestream uses (<c>24h</c>, <c>1h30m</c>,
/// <c>1.5s</c>), and .NET's (<c>1.00:00:00</c>, <c>00:00:30</c>).
/// </summary>
/// <remarks>
/// What the two worlds read differently is refused: <see cref="TimeSpan.Parse(string)"/> takes <c>24:00:00</c> for 24
/// days and <c>30</c> for 30 days.
/// </remarks>
internal static class DurationText
{
    private const string Examples = "write a duration such as 500ms, 30s, 1h30m or 00:00:30";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads a duration. On failure <paramref name="problem"/> says what is wrong and how to write it.</summary>
    public static bool TryParse(string text, out TimeSpan duration, [NotNullWhen(false)] out string? problem)
    {
        text = text.Trim();
        duration = default;
        if (text.Length == 0)
        {
            problem = $"has no value; {Examples}";
            return false;
        }

        if (text == "0")
        {
            problem = null;
            return true;
        }

        if (text.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            problem = $"cannot be switched off; {Examples}";
            return false;
        }

        return text.Contains(':', StringComparison.Ordinal)
            ? TryParseDotNet(text, out duration, out problem)
            : TryParseGo(text, out duration, out problem);
    }

    private static bool TryParseDotNet(string text, out TimeSpan duration, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        var parts = text.Split(':');
        if (parts.Length == 3 && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration))
        {
            return true;
        }

        duration = default;
        problem = parts.Length == 3 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) && first > 23
            ? $"'{text}' is ambiguous: .NET reads it as {first} days, not {first} hours; write {first}h for hours, or {first}.00:00:00 for days"
            : $"'{text}' is not a duration; {Examples}";
        return false;
    }

    private static bool TryParseGo(string text, out TimeSpan duration, [NotNullWhen(false)] out string? problem)
    {
        duration = default;
        var rest = text.AsSpan();
        var negative = rest[0] == '-';
        if (rest[0] is '-' or '+')
        {
            rest = rest[1..];
        }

        var ticks = 0m;
        do
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            var number = digits < 0 ? rest : rest[..digits];
            if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
            {
                problem = $"'{text}' is not a duration; {Examples}";
                return false;
            }

            rest = rest[number.Length..];
            var letters = rest.IndexOfAny(Digits);
            var unit = letters < 0 ? rest : rest[..letters];
            if (TicksPerUnit(unit) is not { } scale)
            {
                problem = unit switch
                {
                    [] => $"'{text}' has no unit; write {text}s for seconds, {text}m for minutes or {text}h for hours",
                    "d" or "D" => $"'{text}': days are written as hours ({value * 24:0.##}h) or as {value:0}.00:00:00",
                    _ => $"'{text}' has the unknown unit '{unit}'; units are ms, s, m and h",
                };
                return false;
            }

            rest = rest[unit.Length..];
            ticks += Math.Min(value, long.MaxValue) * scale;
            if (ticks > TimeSpan.MaxValue.Ticks)
            {
                problem = $"'{text}' is too long";
                return false;
            }
        }
        while (!rest.IsEmpty);

        duration = TimeSpan.FromTicks((long)(negative ? -ticks : ticks));
        problem = null;
        return true;
    }

    // Go's units; below 100 ns a TimeSpan has no room.
    private static decimal? TicksPerUnit(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => TimeSpan.TicksPerMicrosecond / 1000m,
        "us" or "µs" or "μs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => null,
    };
}
