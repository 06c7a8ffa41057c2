namespace Litestream.Replication;

/// <summary>How the capture of a database stands.</summary>
internal sealed record CaptureStatus(
    ReplicationState State, string? LastError, DateTimeOffset? LastSyncedAt, long WalSize, string? GenerationReason);
