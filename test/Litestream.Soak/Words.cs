using System.Globalization;

namespace Litestream.Soak;

/// <summary>Numbers as the report writes them.</summary>
internal static class Words
{
    public static string Of(double value, Unit unit) => unit switch
    {
        Unit.Bytes when Math.Abs(value) >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{value / (1 << 20):0.0} MiB"),
        Unit.Bytes => string.Create(CultureInfo.InvariantCulture, $"{value / (1 << 10):0} KiB"),
        Unit.Seconds => string.Create(CultureInfo.InvariantCulture, $"{value:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0}"),
    };

    public static string Of(TimeSpan duration) => duration.TotalMinutes >= 2
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMinutes:0.#} min")
        : duration.TotalSeconds >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s")
            : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds:0.0} ms");

    /// <summary>A row of bars, one for each value.</summary>
    public static string Bars(IReadOnlyList<double> values)
    {
        const string Heights = "▁▂▃▄▅▆▇█";
        var most = values.Count == 0 ? 0 : values.Max();
        return string.Concat(values.Select(value => most <= 0 ? Heights[0] : Heights[(int)Math.Round(Math.Max(0, value) / most * (Heights.Length - 1))]));
    }
}
