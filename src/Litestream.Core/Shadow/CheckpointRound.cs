using Litestream.Diagnostics;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Shadow;

/// <summary>Keeps the WAL of one database short: checkpoints when they are due, and the mark where it blocks nobody.</summary>
/// <remarks>Used by one thread at a time, between copies.</remarks>
internal sealed class CheckpointRound(
    string path, ReadMarks marks, Action copy, WalSyncSettings settings, TimeProvider time, ILogger logger)
{
    private readonly Checkpointer _checkpointer = new(marks, copy, time);
    private readonly CheckpointClock _clock = new(settings, time);

    /// <summary>The last checkpoint, until somebody who measures takes it.</summary>
    public CheckpointRun? Last { get; set; }

    /// <summary>
    /// Since when the WAL is above the hard limit and a checkpoint does not help, because a reader stands in the way; null
    /// while it does.
    /// </summary>
    public DateTimeOffset? OverLimitSince { get; private set; }

    /// <summary>How long until a checkpoint is due if nothing more is committed; null if none will be.</summary>
    public TimeSpan? NextDue() => marks.Index.TryRead(out var header) ? _clock.NextDue(header, marks.Mark) : null;

    /// <summary>
    /// Empties a WAL that cannot be captured, and of which nothing is needed: nothing is copied, and the mark is let go of.
    /// </summary>
    /// <returns>False if the write lock has been taken too shortly before.</returns>
    public bool TryEmptyWal()
    {
        if (!_clock.MayTakeLock(uint.MaxValue))
        {
            return false;
        }

        new Checkpointer(marks, static () => { }, time).EmptyWal();
        return true;
    }

    /// <summary>
    /// On read lock 0 nobody can backfill, and an application's own checkpoints grow slower with every frame: as soon as
    /// there is a frame behind the mark, move it to a lock of 1 or above.
    /// </summary>
    public void LeaveLockZero()
    {
        if (marks.Mark.MayBeOnLockZero
            && Mutations.Made != Mutation.LeapForgotten
            && marks.Index.TryRead(out var header)
            && header.MaxFrame > 0
            && (header.MaxFrame != marks.Mark.Header.MaxFrame || header.Salts != marks.Mark.Header.Salts))
        {
            marks.Leap(copy);
        }
    }

    /// <summary>Checkpoints if there is enough to do or enough time gone; above the hard limit with the write lock.</summary>
    /// <returns>Null if nothing was due.</returns>
    public CheckpointOutcome? RunIfDue()
    {
        if (!marks.Index.TryRead(out var header))
        {
            return null;
        }

        if (header.MaxFrame < settings.MaxCheckpointPages)
        {
            OverLimitSince = null;
        }

        if (!_clock.IsDue(header, marks.Mark))
        {
            return null;
        }

        var started = time.GetTimestamp();
        try
        {
            var outcome = Run(header);
            Last = new CheckpointRun(time.GetElapsedTime(started), _checkpointer.LockHeld, outcome, Failure: null);
            return outcome;
        }
        catch (Exception failure)
        {
            Last = new CheckpointRun(time.GetElapsedTime(started), _checkpointer.LockHeld, Outcome: null, failure);
            throw;
        }
    }

    private CheckpointOutcome Run(WalIndexHeader header)
    {
        CheckpointOutcome outcome;
        if (settings.ReleaseBeforeCheckpoint)
        {
            outcome = RunUnprotected();
        }
        else
        {
            outcome = _checkpointer.RunLockFree();
        }

        if (outcome == CheckpointOutcome.Partial
            && !settings.ReleaseBeforeCheckpoint
            && marks.Index.TryRead(out header)
            && header.MaxFrame >= settings.MaxCheckpointPages
            && _clock.MayTakeLock(header.MaxFrame))
        {
            outcome = RunUnderWriteLock();
        }

        OverLimitSince = outcome == CheckpointOutcome.Partial && header.MaxFrame >= settings.MaxCheckpointPages
            ? OverLimitSince ?? time.GetUtcNow()
            : null;
        _clock.Ran(outcome, header);
        copy();
        LeaveLockZero();
        return outcome;
    }

    /// <summary>What Litestream v0.3.13 does, for the test that shows what comes of it.</summary>
    private CheckpointOutcome RunUnprotected()
    {
        marks.ReleaseUnderWriteLock(connection =>
        {
            settings.Pause?.Invoke();
            connection.CheckpointPassive();
            settings.Pause?.Invoke();
        });
        return CheckpointOutcome.Partial;
    }

    private CheckpointOutcome RunUnderWriteLock()
    {
        try
        {
            var outcome = _checkpointer.RunUnderWriteLock();
            Log.WriteLockHeld(logger, path, _checkpointer.LockHeld.TotalMilliseconds, outcome.ToString());
            return outcome;
        }
        catch (SqliteFailure failure) when (failure.IsTransient && marks.IsHeld)
        {
            return CheckpointOutcome.Partial;
        }
    }
}
