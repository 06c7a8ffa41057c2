namespace Litestream.Crash;

/// <summary>What the application answered for one note: it is in the backup, and restoring to this position shows it.</summary>
internal sealed record Acknowledgement(long Id, string Text, ReplicationPosition Position);
