namespace Litestream.Sqlite;

/// <summary>
/// Moves frames from the WAL into the database, so that the WAL can start over. Without any lock that a writer waits for;
/// above a hard limit with the write lock for a few milliseconds.
/// </summary>
/// <remarks>
/// PASSIVE only: RESTART and TRUNCATE wait for readers while writers stand still. The mark is never released between copy
/// and checkpoint, which is where Litestream v0.3.13 loses frames (docs/DESIGN.md).
/// </remarks>
/// <param name="marks">The read marks of the database.</param>
/// <param name="copy">Copies every frame up to the wal-index's current maximum.</param>
/// <param name="time">Measures how long the write lock is held.</param>
internal sealed class Checkpointer(ReadMarks marks, Action copy, TimeProvider time)
{
    private const int Attempts = 3;

    /// <summary>With so few frames behind the mark the write lock is held only for a moment.</summary>
    private const uint SmallTail = 64;

    /// <summary>How long the last checkpoint held the write lock; zero if it did not.</summary>
    public TimeSpan LockHeld { get; private set; }

    /// <summary>
    /// Leap, checkpoint what the new mark allows, and leap again once everything is backfilled: then the mark is on read
    /// lock 0 and the next writer may restart the WAL, exactly once.
    /// </summary>
    public CheckpointOutcome RunLockFree()
    {
        LockHeld = TimeSpan.Zero;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            marks.Leap(copy);
            marks.Idle().CheckpointPassive();
            if (!IsBackfilled())
            {
                continue;
            }

            marks.Leap(copy);
            if (marks.Mark.MayBeOnLockZero)
            {
                return CheckpointOutcome.Complete;
            }
        }

        return CheckpointOutcome.Partial;
    }

    /// <summary>
    /// The same behind the write lock, so that no commit can fall between copy and checkpoint. Nothing is written. The
    /// slow part, syncing to disk, is done before the lock is taken.
    /// </summary>
    public CheckpointOutcome RunUnderWriteLock()
    {
        LockHeld = TimeSpan.Zero;
        marks.File.SyncWal();
        marks.File.SyncDatabase();
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            marks.Leap(copy);
            marks.Idle().CheckpointPassive();
            if (marks.Index.TryRead(out var header) && header.MaxFrame <= marks.Mark.Header.MaxFrame + SmallTail)
            {
                break;
            }
        }

        var writeLock = marks.Idle();
        writeLock.BeginImmediate();
        var taken = time.GetTimestamp();
        try
        {
            copy();
            marks.ReleaseUnderWriteLock(static connection => connection.CheckpointPassive());
        }
        finally
        {
            writeLock.Rollback();
            LockHeld = time.GetElapsedTime(taken);
        }

        return marks.Mark.MayBeOnLockZero ? CheckpointOutcome.CompleteUnderLock : CheckpointOutcome.Partial;
    }

    /// <summary>
    /// Brings everything into the database and empties the WAL, as a way out when the WAL cannot be captured. Waits for
    /// nobody: where a reader stands in the way, the WAL stays.
    /// </summary>
    public void EmptyWal()
    {
        if (RunUnderWriteLock() == CheckpointOutcome.CompleteUnderLock)
        {
            marks.Idle().Execute("PRAGMA busy_timeout=0");
            marks.Idle().Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            marks.CloseSpare();
        }
    }

    private bool IsBackfilled() => marks.Index.TryRead(out var header) && marks.Index.Backfilled >= header.MaxFrame;
}
