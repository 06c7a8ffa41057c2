namespace Litestream;

/// <summary>What a database or a replica is doing.</summary>
public enum ReplicationState
{
    /// <summary>Not started, or stopped.</summary>
    Stopped,

    /// <summary>The database does not exist yet, is locked, or cannot be opened; it is picked up as soon as it can be.</summary>
    WaitingForDatabase,

    /// <summary>Another process replicates this database; this one takes over when that one lets go.</summary>
    WaitingForOtherProcess,

    /// <summary>The database is being restored.</summary>
    Restoring,

    /// <summary>Commits are captured and uploaded.</summary>
    Replicating,

    /// <summary>The last attempt failed in a way that may pass; it is retried with a growing delay.</summary>
    Retrying,

    /// <summary>The last attempt failed in a way that a person must look at; it is still retried, on a slow clock.</summary>
    Faulted,
}
