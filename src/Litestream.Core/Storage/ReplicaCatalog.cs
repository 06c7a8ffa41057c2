namespace Litestream.Storage;

/// <summary>
/// Everything of ours that a replica holds, by one listing. Immutable, and in order whatever the order of the listing;
/// somebody else's files are left out.
/// </summary>
internal sealed class ReplicaCatalog
{
    // Twice the largest database that SQLite makes; and sums of sizes have to stay numbers.
    private const long LargestObject = 1L << 49;
    private const long LargestReplica = long.MaxValue / 2;

    private ReplicaCatalog(IReadOnlyList<CatalogGeneration> generations) => Generations = generations;

    /// <summary>In ordinal order of name, which says nothing about their age.</summary>
    public IReadOnlyList<CatalogGeneration> Generations { get; }

    /// <summary>The generation, or null if the replica holds nothing of it.</summary>
    public CatalogGeneration? Find(string generation) => Generations.FirstOrDefault(g => g.Name == generation);

    /// <summary>Lists a replica.</summary>
    /// <param name="client">The replica.</param>
    /// <param name="generation">Only this generation; null for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ReplicaException">The replica could not be listed, or not completely.</exception>
    public static async Task<ReplicaCatalog> LoadAsync(IReplicaClient client, string? generation, CancellationToken cancellationToken)
    {
        var prefix = generation is null ? ReplicaLayout.GenerationsPrefix : ReplicaLayout.GenerationPrefix(generation);
        var objects = new List<ReplicaObject>();
        await foreach (var found in client.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            objects.Add(found);
        }

        return Create(objects);
    }

    /// <summary>Sorts what a listing found. An object listed twice counts once, as it was listed last.</summary>
    /// <exception cref="ReplicaException">The listing says what cannot be.</exception>
    public static ReplicaCatalog Create(IEnumerable<ReplicaObject> objects)
    {
        var snapshots = new Dictionary<(string, int), CatalogSnapshot>();
        var segments = new Dictionary<(string, int, long), CatalogSegment>();
        var total = 0L;
        foreach (var item in objects)
        {
            total += Math.Clamp(item.Size, 0, LargestObject);
            if (item.Size is < 0 or > LargestObject || total > LargestReplica)
            {
                throw new ReplicaException($"The replica's listing is wrong: it says that '{item.Key}' has {item.Size} bytes.");
            }

            if (ReplicaLayout.TryParseSnapshot(item.Key, out var snapshot))
            {
                var place = (snapshot.Generation, snapshot.Index);
                if (!snapshots.TryGetValue(place, out var other) || IsPreferred(item.Key, other.Key))
                {
                    snapshots[place] = new CatalogSnapshot(snapshot, item.Key, item.Size, item.CreatedAt);
                }
            }
            else if (ReplicaLayout.TryParseSegment(item.Key, out var segment))
            {
                var place = (segment.Generation, segment.Index, segment.Offset);
                if (!segments.TryGetValue(place, out var other) || IsPreferred(item.Key, other.Key))
                {
                    segments[place] = new CatalogSegment(segment, item.Key, item.Size, item.CreatedAt);
                }
            }
        }

        var bySnapshot = snapshots.Values.ToLookup(s => s.Name.Generation);
        var bySegment = segments.Values.ToLookup(s => s.Name.Generation);
        var names = bySnapshot.Select(g => g.Key).Union(bySegment.Select(g => g.Key)).Order(StringComparer.Ordinal);
        return new ReplicaCatalog(
        [
            .. names.Select(name => new CatalogGeneration(
                name,
                [.. bySnapshot[name].OrderBy(s => s.Index)],
                [.. bySegment[name].OrderBy(s => s.Index).ThenBy(s => s.Offset)])),
        ]);
    }

    // Two names for one place: Litestream before v0.3.5 compressed a finished index and then removed the original, so that
    // the longer name (today's, then the compressed one) holds at least as much.
    private static bool IsPreferred(string key, string other) => key.Length >= other.Length;
}
