namespace Litestream.Storage;

/// <summary>
/// Everything of ours that a replica holds, by one listing, in so little memory that a replica of many days can be looked
/// at: eight bytes for a segment. Immutable, and in order whatever the order of the listing; an object that was listed
/// twice counts once, and somebody else's files are left out.
/// </summary>
internal sealed class ReplicaInventory
{
    private ReplicaInventory(IReadOnlyList<InventoryGeneration> generations) => Generations = generations;

    /// <summary>In ordinal order of name, which says nothing about their age.</summary>
    public IReadOnlyList<InventoryGeneration> Generations { get; }

    /// <summary>The generation, or null if the replica holds nothing of it.</summary>
    public InventoryGeneration? Find(string generation) => Generations.FirstOrDefault(found => found.Name == generation);

    /// <summary>Sorts what a listing found.</summary>
    public static ReplicaInventory Create(IEnumerable<ReplicaObject> objects)
    {
        var builder = new Builder();
        foreach (var found in objects)
        {
            builder.Add(found);
        }

        return builder.Build();
    }

    /// <summary>Takes a listing object by object.</summary>
    internal sealed class Builder
    {
        private readonly SortedDictionary<string, Part> _parts = new(StringComparer.Ordinal);

        public void Add(ReplicaObject found)
        {
            if (ReplicaLayout.TryParseSnapshot(found.Key, out var snapshot))
            {
                var part = PartOf(snapshot.Generation, found);
                part.Snapshots[found.Key] = new CatalogSnapshot(snapshot, found.Key, found.Size, found.CreatedAt);
            }
            else if (ReplicaLayout.TryParseSegment(found.Key, out var segment) && segment.Offset <= uint.MaxValue)
            {
                var part = PartOf(segment.Generation, found);
                var place = new SegmentPlace(segment.Index, (uint)segment.Offset);
                part.Segments.Add(place);
                if (found.Key != ReplicaLayout.SegmentKey(segment.Generation, segment.Index, segment.Offset))
                {
                    part.OtherKeys.Add((place, found.Key));
                }
            }
        }

        public ReplicaInventory Build() => new([.. _parts.Select(part => part.Value.Build(part.Key))]);

        private Part PartOf(string generation, ReplicaObject found)
        {
            if (!_parts.TryGetValue(generation, out var part))
            {
                _parts[generation] = part = new Part();
            }

            part.LastStoredAt = found.CreatedAt > part.LastStoredAt ? found.CreatedAt : part.LastStoredAt;
            return part;
        }

        private sealed class Part
        {
            public Dictionary<string, CatalogSnapshot> Snapshots { get; } = new(StringComparer.Ordinal);

            public List<SegmentPlace> Segments { get; } = [];

            public HashSet<(SegmentPlace Place, string Key)> OtherKeys { get; } = [];

            public DateTimeOffset LastStoredAt { get; set; } = DateTimeOffset.MinValue;

            public InventoryGeneration Build(string name)
            {
                // A listing is in order already, as a rule, and then this costs nothing.
                var sorted = true;
                for (var i = 1; sorted && i < Segments.Count; i++)
                {
                    sorted = Segments[i - 1].CompareTo(Segments[i]) < 0;
                }

                var segments = sorted ? Segments.ToArray() : [.. Segments.Distinct().Order()];
                return new InventoryGeneration(
                    name,
                    [.. Snapshots.Values.OrderBy(snapshot => snapshot.Index).ThenBy(snapshot => snapshot.Key, StringComparer.Ordinal)],
                    segments,
                    OtherKeys.ToLookup(other => other.Place, other => other.Key),
                    LastStoredAt);
            }
        }
    }
}
