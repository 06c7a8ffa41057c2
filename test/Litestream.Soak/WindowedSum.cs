namespace Litestream.Soak;

/// <summary>How much a counter that only grows has grown within a window of time. Not thread-safe.</summary>
internal sealed class WindowedSum(TimeSpan window)
{
    private readonly Queue<(TimeSpan At, double Total)> _values = new([(TimeSpan.Zero, 0)]);

    /// <summary>Within the window that ends now, and rather a little more.</summary>
    public double Within { get; private set; }

    /// <summary>The most there ever was within one window.</summary>
    public double Most { get; private set; }

    public void Add(TimeSpan at, double total)
    {
        _values.Enqueue((at, total));
        while (_values.Count > 1 && _values.ElementAt(1).At <= at - window)
        {
            _values.Dequeue();
        }

        Within = total - _values.Peek().Total;
        Most = Math.Max(Most, Within);
    }
}
