namespace Litestream;

/// <summary>Tries out a replica's store.</summary>
public static class ReplicaProbeExtensions
{
    /// <summary>
    /// Tries out what is needed of a store, on small objects of its own that it deletes again: write, create twice, create
    /// at once, read, read a range, list, delete. A store that cannot be reached is a finding, not an exception.
    /// </summary>
    /// <param name="client">The replica's client.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What the store can and cannot do, in words.</returns>
    public static Task<ReplicaProbe> ProbeAsync(this IReplicaClient client, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        return new StoreTrial(client).RunAsync(cancellationToken);
    }
}
