namespace Litestream.Testing.Faults;

/// <summary>What a call asks of a replica's store.</summary>
public enum ReplicaOperation
{
    List,
    ListPrefixes,
    Read,
    Write,
    Delete,
}
