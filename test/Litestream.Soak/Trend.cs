namespace Litestream.Soak;

/// <summary>
/// Whether a series grows. The growth is the median slope between all pairs of its values (Theil and Sen), times its length, which
/// a single odd value does not move; whether it is chance says the test of Mann and Kendall, which counts how many pairs
/// go up and how many down.
/// </summary>
/// <param name="Growth">From the first value to the last, in the unit of the series.</param>
/// <param name="Chance">How likely so many pairs go up in a series without a trend.</param>
internal readonly record struct Trend(double Growth, double Chance)
{
    /// <summary>Above this a trend may be chance.</summary>
    public const double Significance = 0.05;

    public static Trend Of(IReadOnlyList<double> series)
    {
        var slopes = new List<double>();
        var ups = 0;
        for (var i = 0; i < series.Count; i++)
        {
            for (var j = i + 1; j < series.Count; j++)
            {
                slopes.Add((series[j] - series[i]) / (j - i));
                ups += Math.Sign(series[j] - series[i]);
            }
        }

        if (slopes.Count == 0)
        {
            return new Trend(0, 1);
        }

        slopes.Sort();
        var middle = slopes.Count / 2;
        var slope = slopes.Count % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2;
        var deviation = Math.Sqrt(series.Count * (series.Count - 1.0) * ((2 * series.Count) + 5) / 18);
        var z = (Math.Abs(ups) - 1) * Math.Sign(ups) / deviation;
        return new Trend(slope * (series.Count - 1), ups <= 0 ? 1 : UpperTail(z));
    }

    /// <summary>True if it grows by more than is allowed, and not by chance.</summary>
    public bool Exceeds(double allowed) => Growth > allowed && Chance < Significance;

    /// <summary>The normal distribution beyond z, after Abramowitz and Stegun 26.2.17.</summary>
    private static double UpperTail(double z)
    {
        if (z < 0)
        {
            return 1 - UpperTail(-z);
        }

        var t = 1 / (1 + (0.2316419 * z));
        var polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * polynomial;
    }
}
