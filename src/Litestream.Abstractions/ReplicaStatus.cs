namespace Litestream;

/// <summary>How one replica of a database stands. A snapshot in time, made from memory.</summary>
public sealed record ReplicaStatus
{
    /// <summary>The name of the replica.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Where the replica is, as its client says: <c>s3://bucket/path</c>, <c>file:///folder</c>. Without user information and
    /// query, so without secrets, but without a store's endpoint too. Null in a status that no engine made.
    /// </summary>
    public Uri? Location { get; init; }

    /// <summary>What the replica's worker is doing.</summary>
    public required ReplicationState State { get; init; }

    /// <summary>Since when the state is as it is; null if nothing was begun yet.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>Up to where this replica can be restored; empty before its first snapshot.</summary>
    public ReplicationPosition Position { get; init; }

    /// <summary>Age of the oldest commit that this replica lacks, computed now; zero when it lacks none.</summary>
    public TimeSpan Lag { get; init; }

    /// <summary>When this replica last held everything that had been captured.</summary>
    public DateTimeOffset? LastSyncedAt { get; init; }

    /// <summary>When this replica was last restored and found equal to the database; null before that.</summary>
    public DateTimeOffset? LastVerifiedAt { get; init; }

    /// <summary>The position at which that was; empty before.</summary>
    public ReplicationPosition LastVerifiedPosition { get; init; }

    /// <summary>
    /// Why the last verification did not succeed: a difference, which makes the state <see cref="ReplicationState.Faulted"/>
    /// until a verification succeeds, or that it could not be done. Null if it did, or there was none.
    /// </summary>
    public string? VerificationError { get; init; }

    /// <summary>
    /// By when the next verification has to have succeeded: two intervals after the last one, or after the start. Later it
    /// is overdue. Null if none is made by itself.
    /// </summary>
    public DateTimeOffset? VerificationDueBy { get; init; }

    /// <summary>When the newest snapshot of the generation in use was stored, by the store's clock; null before there is one.</summary>
    public DateTimeOffset? LastSnapshotAt { get; init; }

    /// <summary>When this replica was last listed and found to hold all that was uploaded; null before that.</summary>
    public DateTimeOffset? LastCheckedAt { get; init; }

    /// <summary>
    /// What does not work although commits are uploaded: a snapshot that fails, say, or old objects that may not be deleted.
    /// Null if there is nothing to say. Holds no secret.
    /// </summary>
    public string? Warning { get; init; }

    /// <summary>The last failure in words, if the state is not healthy; null otherwise. Holds no secret.</summary>
    public string? LastError { get; init; }
}
