using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// For looking around: what is damaged, or was removed since it was listed, says nothing of itself. One bad object must not
/// hide what else there is; a restore will name it.
/// </summary>
internal sealed class TolerantTrailers(ITrailerSource trailers) : ITrailerSource
{
    public async ValueTask<SegmentTrailer?> ReadSegmentAsync(CatalogSegment segment, CancellationToken cancellationToken)
    {
        try
        {
            return await trailers.ReadSegmentAsync(segment, cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException exception) when (exception is ReplicaCorruptedException or ReplicaObjectNotFoundException)
        {
            return null;
        }
    }

    public async ValueTask<SnapshotTrailer?> ReadSnapshotAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken)
    {
        try
        {
            return await trailers.ReadSnapshotAsync(snapshot, cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException exception) when (exception is ReplicaCorruptedException or ReplicaObjectNotFoundException)
        {
            return null;
        }
    }
}
