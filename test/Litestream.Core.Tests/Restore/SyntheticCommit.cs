namespace Litestream.Restore;

/// <summary>A state of the database: where, when, and its bytes.</summary>
internal sealed record SyntheticCommit(ReplicationPosition Position, DateTimeOffset Time, byte[] Image);
