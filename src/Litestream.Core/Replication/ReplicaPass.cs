namespace Litestream.Replication;

/// <summary>Where a replica stands after a pass.</summary>
/// <param name="Position">Up to where it can be restored.</param>
/// <param name="CoveredSequence">Everything captured up to this sequence is restorable.</param>
internal readonly record struct ReplicaPass(ReplicationPosition Position, long CoveredSequence);
