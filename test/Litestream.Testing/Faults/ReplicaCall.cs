namespace Litestream.Testing.Faults;

/// <summary>One call to a store.</summary>
/// <param name="Number">1 for the first call to this client.</param>
/// <param name="Operation">What it asks.</param>
/// <param name="Key">The key or prefix; of several keys the first.</param>
public readonly record struct ReplicaCall(int Number, ReplicaOperation Operation, string Key)
{
    public override string ToString() => $"{Number} {Operation} {Key}";
}
