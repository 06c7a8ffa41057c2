using Litestream.Sqlite;

namespace Litestream.Shadow;

/// <summary>Decides when a checkpoint is due, so that an idle database gets none and a stuck reader does not cause a storm of them.</summary>
internal sealed class CheckpointClock(WalSyncSettings settings, TimeProvider time)
{
    /// <summary>A checkpoint that could not complete is not tried again sooner, unless the WAL grew a good deal.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Between two write locks. A writer that meets one by plain ADO.NET sleeps for 150 ms: every four seconds that is four
    /// percent of its time, once a second it would be fifteen.
    /// </summary>
    private static readonly TimeSpan LockPause = TimeSpan.FromSeconds(4);

    /// <summary>A WAL this many times as long as its limit is worth a lock once a second.</summary>
    private const long UrgentFactor = 4;

    private long _lastRun = time.GetTimestamp();
    private long _lastLock;
    private WalIndexHeader _lastHeader;
    private bool _lastWasPartial;

    /// <summary>Whether there is something to checkpoint, and enough of it or enough time gone.</summary>
    public bool IsDue(WalIndexHeader header, ReadMark mark) => NextDue(header, mark) is { } due && due <= TimeSpan.Zero;

    /// <summary>How long until a checkpoint is due if nothing more is committed; null if none will be.</summary>
    public TimeSpan? NextDue(WalIndexHeader header, ReadMark mark)
    {
        if (header.MaxFrame == 0 || IsDone(header, mark))
        {
            return null;
        }

        var elapsed = time.GetElapsedTime(_lastRun);
        if (header.MaxFrame >= settings.MinCheckpointPages && !(_lastWasPartial && header == _lastHeader))
        {
            var grown = header.Salts != _lastHeader.Salts || header.MaxFrame >= _lastHeader.MaxFrame + settings.MinCheckpointPages;
            return grown || !_lastWasPartial ? TimeSpan.Zero : RetryAfter - elapsed;
        }

        return settings.CheckpointInterval > TimeSpan.Zero ? settings.CheckpointInterval - elapsed : null;
    }

    /// <summary>The write lock is taken at most once in a while, however long a reader stands in the way.</summary>
    /// <param name="frames">How long the WAL is.</param>
    public bool MayTakeLock(uint frames)
    {
        var pause = frames >= UrgentFactor * settings.MaxCheckpointPages ? RetryAfter : LockPause;
        if (_lastLock != 0 && time.GetElapsedTime(_lastLock) < pause)
        {
            return false;
        }

        _lastLock = time.GetTimestamp();
        return true;
    }

    public void Ran(CheckpointOutcome outcome, WalIndexHeader header)
    {
        _lastRun = time.GetTimestamp();
        _lastHeader = header;
        _lastWasPartial = outcome == CheckpointOutcome.Partial;
    }

    /// <summary>The mark stands on read lock 0 behind the last frame: the next writer restarts the WAL, nothing is left to do.</summary>
    private static bool IsDone(WalIndexHeader header, ReadMark mark) =>
        mark.MayBeOnLockZero && mark.Header.MaxFrame == header.MaxFrame && mark.Header.Salts == header.Salts;
}
