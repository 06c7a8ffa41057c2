namespace Litestream.Soak;

/// <summary>Durations in buckets of a few per cent, so that hours of them take no more memory than seconds. Thread-safe.</summary>
internal sealed class Latencies
{
    private const double Least = 0.00001;
    private const double Ratio = 1.05;

    private readonly long[] _buckets = new long[400];
    private readonly Lock _lock = new();

    public long Count { get; private set; }

    public TimeSpan Longest { get; private set; }

    public void Add(TimeSpan duration)
    {
        var bucket = (int)Math.Clamp(Math.Log(duration.TotalSeconds / Least, Ratio), 0, _buckets.Length - 1);
        lock (_lock)
        {
            _buckets[bucket]++;
            Count++;
            Longest = duration > Longest ? duration : Longest;
        }
    }

    /// <summary>The upper edge of the bucket in which that part of all durations ends.</summary>
    public TimeSpan Percentile(double part)
    {
        lock (_lock)
        {
            var left = (long)Math.Ceiling(Count * part);
            for (var i = 0; i < _buckets.Length; i++)
            {
                left -= _buckets[i];
                if (left <= 0 && Count > 0)
                {
                    var edge = TimeSpan.FromSeconds(Least * Math.Pow(Ratio, i + 1));
                    return edge < Longest ? edge : Longest;
                }
            }

            return Longest;
        }
    }
}
