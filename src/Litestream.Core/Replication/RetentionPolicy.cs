using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// What of a replica may go. Pure: it decides from one complete listing, times by the store's clock.
/// </summary>
/// <remarks>
/// The promise: every moment after the cut-off that could be restored can still be restored, to the same state. A moment
/// is restored from the newest snapshot before it, so of each generation the newest snapshot at or before the cut-off is
/// kept, and everything behind it. A generation that is not in use goes as a whole once all of it is older than the
/// cut-off and a later one has a snapshot from before the cut-off. A hole that a lagging replica left changes nothing of
/// that: a snapshot follows it.
/// The order: snapshots first, oldest first, so that nothing is left from which a restore would find half of its WAL; then
/// WAL within an index from the highest offset down, so that no index is without a beginning, which Litestream would
/// refuse the whole generation for (docs/FORMAT.md, H10). What an interrupted run has left is in the next plan.
/// </remarks>
internal static class RetentionPolicy
{
    /// <summary>Keys of one step at most: what a store deletes in one request.</summary>
    private const int StepKeys = 1000;

    /// <summary>Plans.</summary>
    /// <param name="inventory">All that the replica holds.</param>
    /// <param name="inUse">The generations that somebody of ours still writes to, or may.</param>
    /// <param name="cutOff">Moments before this one need not be restorable any more.</param>
    /// <param name="unsound">Keys of snapshots that nothing may rely on.</param>
    public static RetentionPlan Plan(
        ReplicaInventory inventory, IReadOnlySet<string> inUse, DateTimeOffset cutOff, IReadOnlySet<string> unsound)
    {
        var bases = inventory.Generations.ToDictionary(
            generation => generation.Name,
            generation => generation.Snapshots.LastOrDefault(snapshot => snapshot.CreatedAt <= cutOff && !unsound.Contains(snapshot.Key)),
            StringComparer.Ordinal);

        // The generation that every moment after the cut-off is restored from, unless a later one has begun by then.
        var heir = inventory.Generations
            .Where(generation => bases[generation.Name] is not null)
            .OrderBy(generation => inUse.Contains(generation.Name))
            .ThenBy(generation => generation.LastStoredAt)
            .LastOrDefault();

        var reliesOn = new List<CatalogSnapshot>();
        var snapshots = new List<CatalogSnapshot>();
        var segments = new List<(InventoryGeneration Generation, int Count)>();
        foreach (var generation in inventory.Generations)
        {
            var old = generation.LastStoredAt <= cutOff && !inUse.Contains(generation.Name);
            if (old && generation.Snapshots.Count == 0)
            {
                segments.Add((generation, generation.Segments.Length));
            }
            else if (old && heir is not null && heir != generation && (inUse.Contains(heir.Name) || heir.LastStoredAt > generation.LastStoredAt))
            {
                reliesOn.Add(bases[heir.Name]!);
                snapshots.AddRange(generation.Snapshots);
                segments.Add((generation, generation.Segments.Length));
            }
            else if (bases[generation.Name] is { } kept)
            {
                var before = generation.Snapshots.Where(snapshot => snapshot.Index < kept.Index).ToList();
                var count = generation.FirstAtOrBehind(new SegmentPlace(kept.Index, 0));
                if (before.Count + count > 0)
                {
                    reliesOn.Add(kept);
                    snapshots.AddRange(before);
                    segments.Add((generation, count));
                }
            }
        }

        return new RetentionPlan(
            [.. reliesOn.DistinctBy(snapshot => snapshot.Key)],
            [
                .. snapshots.OrderBy(snapshot => snapshot.CreatedAt).Select(snapshot => snapshot.Key).Chunk(StepKeys),
                .. segments.SelectMany(part => Tails(part.Generation, part.Count)).Chunk(StepKeys),
                .. segments.SelectMany(part => Heads(part.Generation, part.Count)).Chunk(StepKeys),
            ],
            snapshots.Count,
            segments.Sum(part => part.Count));
    }

    /// <summary>The next time, behind the cut-off, at which there may be something to delete: when the cut-off gets there.</summary>
    /// <returns>Null if nothing that is there now will ever be, as long as nothing is added.</returns>
    public static DateTimeOffset? NextAfter(ReplicaInventory inventory, DateTimeOffset cutOff)
    {
        var times = inventory.Generations
            .SelectMany(generation => generation.Snapshots.Select(snapshot => snapshot.CreatedAt).Append(generation.LastStoredAt))
            .Where(time => time > cutOff)
            .ToList();
        return times.Count == 0 ? null : times.Min();
    }

    // All but the beginnings. They go in steps of their own, since a store may take the keys of a step in any order.
    private static IEnumerable<string> Tails(InventoryGeneration generation, int count)
    {
        for (var first = 0; first < count;)
        {
            var index = generation.Segments[first].Index;
            var end = first;
            while (end < count && generation.Segments[end].Index == index)
            {
                end++;
            }

            for (var i = end - 1; i >= first; i--)
            {
                if (generation.Segments[i].Offset > 0)
                {
                    foreach (var key in generation.KeysOf(generation.Segments[i]))
                    {
                        yield return key;
                    }
                }
            }

            first = end;
        }
    }

    private static IEnumerable<string> Heads(InventoryGeneration generation, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (generation.Segments[i].Offset == 0)
            {
                foreach (var key in generation.KeysOf(generation.Segments[i]))
                {
                    yield return key;
                }
            }
        }
    }
}
