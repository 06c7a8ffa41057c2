namespace Litestream.Replication;

/// <summary>
/// The store's own clock, as its answers to uploads tell it: the ages of objects are differences of times by this one
/// clock, and not of one of its times and one of ours. Thread-safe.
/// </summary>
internal sealed class StoreClock(TimeProvider time)
{
    /// <summary>What the granularity of a store's times and the duration of an upload may look like.</summary>
    private static readonly TimeSpan MinJump = TimeSpan.FromMinutes(1);

    /// <summary>Of a clock that jumps more often than this nothing more is learned.</summary>
    private const int MostJumps = 1000;

    private readonly Lock _lock = new(); // guards _jumps; taken alone
    private readonly List<(long At, TimeSpan Ahead)> _jumps = [];
    private volatile Observation? _last;

    /// <summary>The time there now; null before the first upload of this process.</summary>
    public DateTimeOffset? Now => _last is { } last ? last.StoreTime + time.GetElapsedTime(last.At) : null;

    /// <summary>How far it was ahead of ours when it was last heard of; null before that.</summary>
    public TimeSpan? Ahead => _last?.Ahead;

    /// <summary>An object has just been created, and the store has dated it.</summary>
    public void Observe(DateTimeOffset createdAt)
    {
        lock (_lock)
        {
            var at = time.GetTimestamp();
            if (_last is { } last && createdAt - (last.StoreTime + time.GetElapsedTime(last.At, at)) is var ahead && ahead.Duration() >= MinJump)
            {
                _jumps.Add((at, ahead));
                if (_jumps.Count > MostJumps)
                {
                    _jumps.RemoveAt(0);
                }
            }

            _last = new Observation(createdAt, at, createdAt - time.GetUtcNow());
        }
    }

    /// <summary>
    /// A time that the store's clock did not show later than this long ago, however it has been set since this process knows
    /// it: what it has dated before is at least as old.
    /// </summary>
    public DateTimeOffset? OlderThan(TimeSpan age)
    {
        lock (_lock)
        {
            // The clock was set ahead by so much since some moment within that time: what was dated just before that moment
            // looks older by as much than it is.
            var (sum, most) = (TimeSpan.Zero, TimeSpan.Zero);
            for (var i = _jumps.Count - 1; i >= 0 && time.GetElapsedTime(_jumps[i].At) < age; i--)
            {
                sum += _jumps[i].Ahead;
                most = sum > most ? sum : most;
            }

            return Now - age - most;
        }
    }

    private sealed record Observation(DateTimeOffset StoreTime, long At, TimeSpan Ahead);
}
