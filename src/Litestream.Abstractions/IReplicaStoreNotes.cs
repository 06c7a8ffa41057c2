namespace Litestream;

/// <summary>
/// A replica client that knows more of its store than trying it out can show: what a delete really does, what is billed.
/// Optional; <see cref="ReplicaProbeExtensions.ProbeAsync"/> asks for it.
/// </summary>
public interface IReplicaStoreNotes
{
    /// <summary>What the store cannot do and what that costs, one sentence or two each; empty if there is nothing to say.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ReplicaException">The store could not be asked.</exception>
    Task<IReadOnlyList<string>> DescribeStoreAsync(CancellationToken cancellationToken = default);
}
