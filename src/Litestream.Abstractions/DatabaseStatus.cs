namespace Litestream;

/// <summary>How the replication of one database stands. A snapshot in time, made from memory.</summary>
public sealed record DatabaseStatus
{
    /// <summary>The name of the database.</summary>
    public required string Name { get; init; }

    /// <summary>What capture of the database is doing.</summary>
    public required ReplicationState State { get; init; }

    /// <summary>Since when the state is as it is; null if nothing was begun yet.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>
    /// How long the capture is past the time at which it should have looked at the database again; zero while it keeps its
    /// time. Grows while it hangs.
    /// </summary>
    public TimeSpan Overdue { get; init; }

    /// <summary>Up to where the WAL has been captured; empty before the first look.</summary>
    public ReplicationPosition Position { get; init; }

    /// <summary>When the WAL was last looked at without a failure.</summary>
    public DateTimeOffset? LastSyncedAt { get; init; }

    /// <summary>The replicas of the database.</summary>
    public IReadOnlyList<ReplicaStatus> Replicas { get; init; } = [];

    /// <summary>The last failure in words, if the state is not healthy; null otherwise. Holds no secret.</summary>
    public string? LastError { get; init; }

    /// <summary>Why the generation in use was started.</summary>
    public string? GenerationReason { get; init; }

    /// <summary>Size of the database's WAL in bytes, as last seen.</summary>
    public long WalSize { get; init; }

    /// <summary>
    /// Since when the WAL is above <see cref="DatabaseOptions.MaxCheckpointPages"/> and cannot be checkpointed, because a
    /// reader stands in the way; null if it is not.
    /// </summary>
    public DateTimeOffset? WalOverLimitSince { get; init; }

    /// <summary>Bytes that the local copy of not yet replicated WAL takes in the meta directory.</summary>
    public long ShadowSize { get; init; }
}
