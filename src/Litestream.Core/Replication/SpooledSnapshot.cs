using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>A snapshot that waits in the spool folder for its upload.</summary>
/// <param name="Draft">The object.</param>
/// <param name="Position">What the image is exactly at.</param>
/// <param name="Trailer">What the object says of itself.</param>
/// <param name="CoveredSequence">What had been captured before the image was taken, all of which it contains.</param>
internal sealed record SpooledSnapshot(
    ObjectDraft Draft,
    ReplicationPosition Position,
    SnapshotTrailer Trailer,
    long CoveredSequence) : IDisposable
{
    public void Dispose() => Draft.Dispose();
}
