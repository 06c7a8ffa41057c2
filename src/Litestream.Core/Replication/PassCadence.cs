using Litestream.Shadow;

namespace Litestream.Replication;

/// <summary>When the next pass is due: at once for those who wait, else once per interval, and later after failures.</summary>
/// <remarks>Used by the worker's loop and its passes, never at the same time.</remarks>
internal sealed class PassCadence(Setting<TimeSpan> syncInterval, ReplicationWaiters waiters, ReplicaHealth health, TimeProvider time)
{
    private long? _lastStarted;
    private long _lastSequence = -1;

    /// <summary>A pass begins, with this head.</summary>
    public void PassBegins(ShadowHead? head)
    {
        waiters.PassBegins();
        _lastStarted = time.GetTimestamp();
        _lastSequence = head?.Sequence ?? -1;
    }

    /// <summary>How long until a pass is due.</summary>
    /// <param name="head">What has been captured.</param>
    /// <param name="isRefused">True if the generation in use does not go on here.</param>
    /// <param name="urgentOnly">True if more captured commits change nothing about that.</param>
    public TimeSpan UntilNext(ShadowHead? head, bool isRefused, out bool urgentOnly)
    {
        urgentOnly = false;
        if (head is null || head.Sequence <= waiters.Covered)
        {
            return Timeout.InfiniteTimeSpan;
        }

        if (waiters.AnyForOnePassSinceLastPass || _lastStarted is not { } started)
        {
            return TimeSpan.Zero;
        }

        urgentOnly = true;
        var elapsed = time.GetElapsedTime(started);
        if (health.Delay is var delay && delay > TimeSpan.Zero)
        {
            return Remaining(delay - elapsed);
        }

        if (isRefused)
        {
            urgentOnly = false;
            return Timeout.InfiniteTimeSpan;
        }

        if (head.Sequence == _lastSequence && !waiters.AnySinceLastPass)
        {
            // The last pass got stuck at something that passes, a change of generation in the middle of a snapshot.
            urgentOnly = false;
            return Remaining(TimeSpan.FromTicks(Math.Max(syncInterval.Value.Ticks, RetryPolicies.FirstDelay.Ticks)) - elapsed);
        }

        return waiters.Any ? TimeSpan.Zero : Remaining(syncInterval.Value - elapsed);
    }

    private static TimeSpan Remaining(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
