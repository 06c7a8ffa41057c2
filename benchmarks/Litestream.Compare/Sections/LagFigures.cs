using Litestream.Compare.Measuring;

namespace Litestream.Compare.Sections;

internal static class LagFigures
{
    public static void Add(Results results, string section, string workload, string variant, (List<double> Lags, int Missing) lag)
    {
        if (lag.Lags.Count > 0)
        {
            Add("p50", "ms", lag.Lags[(lag.Lags.Count - 1) / 2]);
            Add("p99", "ms", lag.Lags[(int)Math.Ceiling(lag.Lags.Count * 0.99) - 1]);
            Add("longest", "ms", lag.Lags[^1]);
        }

        Add("never arrived", "commits", lag.Missing);

        void Add(string metric, string unit, double value) => results.Add(section, workload, metric, unit, Better.Lower, variant, value);
    }
}
