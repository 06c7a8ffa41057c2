using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// Deletes everything that a replica holds of a database which nobody replicates any more. Broken off at any moment it
/// leaves either the newest backup, whole, or nothing that could be restored: never an older state in its place.
/// </summary>
internal sealed class ReplicaErasure(IReplicaClient client, string database, string replica, TimeProvider time)
{
    /// <summary>What S3 deletes with one request.</summary>
    private const int AtOnce = 1000;

    private readonly ReplicaStore _store = new(client, database, replica, time, Random.Shared);

    /// <returns>How much there was.</returns>
    /// <exception cref="ReplicaException">The replica could not be listed, or refuses to delete, or somebody goes on writing to it.</exception>
    public async Task<BackupDeletion> RunAsync(CancellationToken cancellationToken)
    {
        var objects = await ListAsync(cancellationToken).ConfigureAwait(false);
        foreach (var keys in InOrder(objects).SelectMany(step => step.Chunk(AtOnce)))
        {
            await _store.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
        }

        var left = await ListAsync(cancellationToken).ConfigureAwait(false);
        return left.Count == 0
            ? new BackupDeletion(objects.Count, objects.Sum(one => one.Size))
            : throw new ReplicaException(
                $"{left.Count} objects are still on {_store.Description}, such as '{left[0].Key}': somebody writes to it, or the store keeps what is deleted.");
    }

    /// <summary>
    /// What may go at once: a store that deletes many with one request does so in any order, and may leave some. The oldest
    /// generation first; of each the older snapshots, then the newest, without which its WAL is of no use, then that.
    /// </summary>
    private static IEnumerable<IEnumerable<string>> InOrder(List<ReplicaObject> objects) => objects
        .GroupBy(one => ReplicaLayout.GenerationOf(one.Key), StringComparer.Ordinal)
        .OrderBy(generation => generation.Max(one => one.CreatedAt))
        .ThenBy(generation => generation.Key, StringComparer.Ordinal)
        .SelectMany(generation =>
        {
            var keys = generation.Select(one => one.Key).Order(StringComparer.Ordinal).ToLookup(key => ReplicaLayout.TryParseSnapshot(key, out _));
            return new[] { keys[true].SkipLast(1), keys[true].TakeLast(1), keys[false] };
        });

    private async Task<List<ReplicaObject>> ListAsync(CancellationToken cancellationToken)
    {
        var all = await _store.ListAsync(ReplicaLayout.GenerationsPrefix, cancellationToken).ConfigureAwait(false);

        // What else lies there is somebody else's.
        all.RemoveAll(one => ReplicaLayout.GenerationOf(one.Key) is null);
        return all;
    }
}
