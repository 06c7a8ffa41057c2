namespace Litestream.Restore;

/// <summary>Passes progress on, a few times a second at most; always at the end.</summary>
internal sealed class ProgressReporter(IProgress<RestoreProgress>? target, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    // Before that a pace says little.
    private static readonly TimeSpan EstimateAfter = TimeSpan.FromSeconds(1);

    private long _reportedAt = time.GetTimestamp();
    private long _begunAt = time.GetTimestamp();
    private long _bytes;
    private int _objects;
    private int _objectsTotal;
    private long _bytesTotal;

    public void Begin(RestorePlan plan)
    {
        _begunAt = time.GetTimestamp();
        _objects = 0;
        _objectsTotal = plan.Objects.Count();
        _bytesTotal = plan.Objects.Sum(item => item.Size);
        Interlocked.Exchange(ref _bytes, 0);
        Report();
    }

    /// <summary>Called from any of the downloads; reports nothing by itself.</summary>
    public void AddBytes(int count) => Interlocked.Add(ref _bytes, count);

    public void ObjectDone()
    {
        _objects++;
        Tick();
    }

    /// <summary>Called from the restoring task while one object takes long.</summary>
    public void Tick()
    {
        if (_objects == _objectsTotal || time.GetElapsedTime(_reportedAt) >= Interval)
        {
            Report();
        }
    }

    private void Report()
    {
        _reportedAt = time.GetTimestamp();

        // What lies behind an object's data need not be read.
        var bytes = _objects == _objectsTotal ? _bytesTotal : Math.Min(Interlocked.Read(ref _bytes), _bytesTotal);
        target?.Report(new RestoreProgress(_objects, _objectsTotal, bytes, _bytesTotal) { Remaining = Estimate(bytes) });
    }

    private TimeSpan? Estimate(long bytes)
    {
        var elapsed = time.GetElapsedTime(_begunAt);
        return bytes == _bytesTotal ? TimeSpan.Zero
            : bytes == 0 || elapsed < EstimateAfter ? null
            : elapsed * ((double)(_bytesTotal - bytes) / bytes);
    }
}
