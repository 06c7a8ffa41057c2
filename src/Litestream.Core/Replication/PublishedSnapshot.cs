using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>A snapshot that is on the replica now.</summary>
/// <param name="Trailer">What it says of itself.</param>
/// <param name="Object">The object.</param>
/// <param name="IsOurs">True if it is the image that was spooled; false for another one of the same index that was there already.</param>
internal sealed record PublishedSnapshot(SnapshotTrailer Trailer, ReplicaObject Object, bool IsOurs);
