namespace Litestream.Replication;

/// <summary>
/// The store's own clock, as its answers to uploads tell it: the ages of objects are differences of times by this one
/// clock, and not of one of its times and one of ours. Thread-safe.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    private volatile Observation? _last;

    /// <summary>The time there now; null before the first upload of this process.</summary>
    public DateTimeOffset? Now => _last is { } last ? last.StoreTime + time.GetElapsedTime(last.At) : null;

    /// <summary>How far it was ahead of ours when it was last heard of; null before that.</summary>
    public TimeSpan? Ahead => _last?.Ahead;

    /// <summary>An object has just been created, and the store has dated it.</summary>
    public void Observe(DateTimeOffset createdAt) =>
        _last = new Observation(createdAt, time.GetTimestamp(), createdAt - time.GetUtcNow());

    private sealed record Observation(DateTimeOffset StoreTime, long At, TimeSpan Ahead);
}
