using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>When the next snapshot after a generation's first is due. Thread-safe.</summary>
/// <param name="every">The time between two; null for none but on demand.</param>
/// <param name="store">The clock that dates the snapshots.</param>
/// <param name="time">Ours.</param>
/// <param name="jitter">Spreads the snapshots of databases that were started together.</param>
internal sealed class SnapshotSchedule(Setting<TimeSpan?> every, StoreClock store, TimeProvider time, Random jitter)
{
    /// <summary>How much earlier than the interval one may come, as a part of it: early, so that no window of time has one less.</summary>
    private const double Spread = 0.02;

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private double? _early;
    private KnownSnapshot? _newest;
    private long _newestSince;
    private int _failures;
    private long _failedAt;
    private TimeSpan _delay;

    /// <summary>True if the index in use has no snapshot, which also means that something was committed since the newest.</summary>
    public static bool IsWorthwhile(ReplicaProgress progress, ShadowHead? head) =>
        head is not null
        && head.Position.Generation == progress.Cursor.Generation
        && head.Position.Index > progress.Newest.Index;

    /// <summary>How long until an attempt is due; infinite if only a commit, or progress on the replica, can change that.</summary>
    /// <param name="progress">What is on the replica; null while a snapshot is the segments' business.</param>
    /// <param name="head">What has been captured.</param>
    /// <param name="isSpooled">True if an image waits for its upload.</param>
    public TimeSpan UntilDue(ReplicaProgress? progress, ShadowHead? head, bool isSpooled)
    {
        var interval = every.Value;
        if (progress is null || (!isSpooled && interval is null))
        {
            return Timeout.InfiniteTimeSpan;
        }

        TimeSpan wait;
        lock (_lock)
        {
            wait = _failures > 0 ? _delay - time.GetElapsedTime(_failedAt) : TimeSpan.Zero;
            if (_newest != progress.Newest)
            {
                (_newest, _newestSince) = (progress.Newest, time.GetTimestamp());
            }

            if (!isSpooled)
            {
                // What was dated by a clock that ran ahead is not older than this process knows it.
                var pause = interval!.Value * (1 - (_early ??= jitter.NextDouble() * Spread));
                var due = progress.Newest.CreatedAt + pause - (store.Now ?? time.GetUtcNow());
                var known = pause - time.GetElapsedTime(_newestSince);
                due = due < known ? due : known;
                wait = due > wait ? due : wait;
            }
        }

        return wait > TimeSpan.Zero ? wait
            : isSpooled || IsWorthwhile(progress, head) ? TimeSpan.Zero
            : Timeout.InfiniteTimeSpan;
    }

    public void Succeeded()
    {
        lock (_lock)
        {
            _failures = 0;
        }
    }

    /// <summary>An attempt failed: the next one waits longer with each.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            _failures++;
            _failedAt = time.GetTimestamp();
            _delay = RetryPolicies.DelayAfter(_failures, jitter);
        }
    }
}
