namespace Litestream.Crash.Ordeals;

/// <summary>What the application said to a client: the entry is on every replica, and restoring to this position shows it.</summary>
internal sealed record BankAcknowledgement(long Id, string Chain, ReplicationPosition Position);
