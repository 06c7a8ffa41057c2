using System.Globalization;

namespace Litestream.Compare.Measuring;

/// <summary>Median and range of some values.</summary>
internal readonly record struct Spread(double Median, double Least, double Most, int Count)
{
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0
            ? new Spread(double.NaN, double.NaN, double.NaN, 0)
            : new Spread((sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2, sorted[0], sorted[^1], sorted.Count);
    }

    public override string ToString() =>
        Count == 0 ? "" : Count == 1 || Text(Least) == Text(Most) ? Text(Median) : $"{Text(Median)} ({Text(Least)}–{Text(Most)})";

    private static string Text(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };
}
