namespace Litestream;

/// <summary>What was restored.</summary>
/// <param name="Position">The position that the restored database is exactly at.</param>
/// <param name="Replica">The replica it came from: its name, or its location when it has none.</param>
/// <param name="DatabaseSize">Size of the restored database in bytes.</param>
/// <param name="Duration">How long it took.</param>
public sealed record RestoreResult(ReplicationPosition Position, string Replica, long DatabaseSize, TimeSpan Duration);
