namespace Litestream;

/// <summary>A database or one of its replicas has another state than before. Immutable.</summary>
public sealed class ReplicationStateChangedEventArgs : EventArgs
{
    /// <summary>The name of the database.</summary>
    public required string DatabaseName { get; init; }

    /// <summary>The name of the replica; null if it is the database itself whose capture changed.</summary>
    public string? ReplicaName { get; init; }

    /// <summary>The state before.</summary>
    public required ReplicationState PreviousState { get; init; }

    /// <summary>The state now; by the time of the call it may be another again, which a later call tells.</summary>
    public required ReplicationState State { get; init; }

    /// <summary>The failure in words, if that is what changed the state; null otherwise. Holds no secret.</summary>
    public string? LastError { get; init; }

    /// <summary>When it changed.</summary>
    public required DateTimeOffset ChangedAt { get; init; }
}
