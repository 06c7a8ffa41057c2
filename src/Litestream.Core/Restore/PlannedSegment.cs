using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>One segment that a restore applies.</summary>
/// <param name="Source">The segment on the replica.</param>
/// <param name="Next">The segment that follows on the replica in the same index, where this one therefore must end; null if none does.</param>
internal sealed record PlannedSegment(CatalogSegment Source, CatalogSegment? Next)
{
    public int Index => Source.Index;

    public long Offset => Source.Offset;

    public string Key => Source.Key;
}
