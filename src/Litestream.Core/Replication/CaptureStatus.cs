namespace Litestream.Replication;

/// <summary>How the capture of a database stands.</summary>
internal sealed record CaptureStatus(
    ReplicationState State, string? LastError, DateTimeOffset? LastSyncedAt, long WalSize, string? GenerationReason)
{
    /// <summary>Since when the state is as it is.</summary>
    public DateTimeOffset? StateSince { get; init; }

    /// <summary>Since when the WAL is above its hard limit and a reader keeps it there; null if it is not.</summary>
    public DateTimeOffset? WalOverLimitSince { get; init; }
}
