using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>Where the plan learns what an object says of itself; most plans need none or a few.</summary>
internal interface ITrailerSource
{
    /// <summary>Null if the object carries no trailer, or one of a version that is not understood.</summary>
    ValueTask<SegmentTrailer?> ReadSegmentAsync(CatalogSegment segment, CancellationToken cancellationToken);

    /// <summary>Null if the object carries no trailer, or one of a version that is not understood.</summary>
    ValueTask<SnapshotTrailer?> ReadSnapshotAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken);
}
