namespace Litestream.Replication;

/// <summary>What is known to be on a replica of the generation that its worker is in. It has a snapshot there.</summary>
/// <param name="Cursor">The end of the WAL that was uploaded.</param>
/// <param name="Newest">The newest snapshot.</param>
internal sealed record ReplicaProgress(ReplicaCursor Cursor, KnownSnapshot Newest);
