namespace Litestream.Sqlite;

/// <summary>How a checkpoint ended.</summary>
internal enum CheckpointOutcome
{
    /// <summary>Everything is backfilled and the mark is on read lock 0: the next writer restarts the WAL.</summary>
    Complete,

    /// <summary>As <see cref="Complete"/>, with the write lock held for a moment.</summary>
    CompleteUnderLock,

    /// <summary>A reader or a writer stood in the way; a part was backfilled. Tried again later.</summary>
    Partial,
}
