namespace Litestream.Compare.Measuring;

/// <summary>Durations, in ticks of the stopwatch.</summary>
internal sealed class Latencies
{
    private readonly List<long> _ticks = [];
    private bool _sorted;

    public int Count => _ticks.Count;

    public void Add(long ticks)
    {
        _ticks.Add(ticks);
        _sorted = false;
    }

    /// <summary>In milliseconds; <paramref name="fraction"/> of them took no longer.</summary>
    public double Percentile(double fraction)
    {
        if (!_sorted)
        {
            _ticks.Sort();
            _sorted = true;
        }

        return _ticks.Count == 0 ? double.NaN : _ticks[(int)Math.Ceiling(fraction * _ticks.Count) - 1] * 1000.0 / System.Diagnostics.Stopwatch.Frequency;
    }
}
