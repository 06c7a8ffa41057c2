using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>
/// What a listing of one generation shows of what a worker has to know to go on there: the newest snapshot, the segments
/// from its index on, and the last one. What lies below is passed over as it comes, so that the memory this takes does not
/// grow with how much is kept; a listing in the order of keys names the snapshots first. Nothing else rests on that order.
/// </summary>
internal sealed class GenerationListing
{
    private readonly List<Listed<SegmentName>> _segments = [];
    private Listed<SegmentName>? _last;
    private bool _isSorted;

    /// <summary>The newest snapshot; null if there is none.</summary>
    public Listed<SnapshotName>? Newest { get; private set; }

    /// <summary>The last segment of all; null if there is none.</summary>
    public ReplicaObject? Last => _last?.Object;

    /// <summary>True if there are segments of the layout before v0.3.5.</summary>
    public bool HasOlderLayout { get; private set; }

    /// <summary>The segments from the newest snapshot's index on, in order; all of them if there is no snapshot.</summary>
    public IReadOnlyList<Listed<SegmentName>> Segments
    {
        get
        {
            if (!_isSorted)
            {
                _segments.Sort((left, right) => Compare(left.Name, right.Name));
                _isSorted = true;
            }

            return _segments;
        }
    }

    /// <summary>Takes an object as it is listed; somebody else's files are passed over.</summary>
    public void Add(ReplicaObject found)
    {
        if (ReplicaLayout.TryParseSnapshot(found.Key, out var snapshot))
        {
            if (!(Newest?.Name.Index > snapshot.Index))
            {
                Newest = new(snapshot, found);
                _segments.RemoveAll(segment => segment.Name.Index < snapshot.Index);
            }
        }
        else if (ReplicaLayout.TryParseSegment(found.Key, out var segment))
        {
            HasOlderLayout |= !segment.Compressed;
            if (_last is not { } last || Compare(last.Name, segment) <= 0)
            {
                _last = new(segment, found);
            }

            if (!(Newest?.Name.Index > segment.Index))
            {
                _segments.Add(new(segment, found));
                _isSorted = false;
            }
        }
    }

    private static int Compare(SegmentName left, SegmentName right) => (left.Index, left.Offset).CompareTo((right.Index, right.Offset));

    /// <summary>An object, and what its key says.</summary>
    internal readonly record struct Listed<TName>(TName Name, ReplicaObject Object);
}
