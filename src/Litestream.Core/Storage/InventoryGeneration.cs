namespace Litestream.Storage;

/// <summary>What a replica holds of one generation. Immutable.</summary>
internal sealed class InventoryGeneration
{
    private readonly SegmentPlace[] _segments;

    // Keys of the layout before v0.3.5, which do not follow from the place.
    private readonly ILookup<SegmentPlace, string> _otherKeys;

    public InventoryGeneration(
        string name,
        IReadOnlyList<CatalogSnapshot> snapshots,
        SegmentPlace[] segments,
        ILookup<SegmentPlace, string> otherKeys,
        DateTimeOffset lastStoredAt)
    {
        (Name, Snapshots, _segments, _otherKeys, LastStoredAt) = (name, snapshots, segments, otherKeys, lastStoredAt);
    }

    public string Name { get; }

    /// <summary>Ascending in index; two of one index only if two layouts name it.</summary>
    public IReadOnlyList<CatalogSnapshot> Snapshots { get; }

    /// <summary>Ascending, each place once.</summary>
    public ReadOnlySpan<SegmentPlace> Segments => _segments;

    /// <summary>The store's time of the newest object.</summary>
    public DateTimeOffset LastStoredAt { get; }

    /// <summary>The position in <see cref="Segments"/> of the first one at or behind a place.</summary>
    public int FirstAtOrBehind(SegmentPlace place) =>
        Array.BinarySearch(_segments, place) is var found && found >= 0 ? found : ~found;

    /// <summary>Every key that a segment may lie under.</summary>
    public IEnumerable<string> KeysOf(SegmentPlace place) =>
        _otherKeys[place].Prepend(ReplicaLayout.SegmentKey(Name, place.Index, place.Offset));
}
