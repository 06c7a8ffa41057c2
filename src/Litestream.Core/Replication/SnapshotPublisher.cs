using System.Security.Cryptography;
using Litestream.Diagnostics;
using Litestream.Storage;
using Litestream.Wal;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Creates a spooled snapshot on the replica. A key that is taken is no overwrite: the object there is either our own, from
/// an attempt whose answer was lost or whose process died, or another writer's.
/// </summary>
internal sealed class SnapshotPublisher(
    ICapturedDatabase database, ReplicaStore store, ReplicaResume resume, string replica, ILogger logger)
{
    /// <summary>Uploads the snapshot, unless its key holds one that fits what was captured.</summary>
    /// <returns>Null if the key holds somebody else's.</returns>
    /// <exception cref="ReplicaException">The upload failed.</exception>
    public async Task<PublishedSnapshot?> PublishAsync(SpooledSnapshot snapshot, CancellationToken cancellationToken)
    {
        var key = ReplicaLayout.SnapshotKey(snapshot.Position.Generation, snapshot.Position.Index);
        try
        {
            var created = await store.CreateAsync(key, snapshot.Draft.Content, cancellationToken).ConfigureAwait(false);
            Log.SnapshotUploaded(logger, key, replica, database.Name, snapshot.Position, snapshot.Trailer.DatabaseSize, created.Size);
            return new PublishedSnapshot(snapshot.Trailer, created, IsOurs: true);
        }
        catch (ReplicaObjectExistsException)
        {
            var found = await FindAdoptableAsync(key, snapshot, cancellationToken).ConfigureAwait(false);
            if (found is not null)
            {
                Log.SnapshotAdopted(logger, key, replica, database.Name);
            }

            return found;
        }
    }

    /// <summary>Reads a snapshot back from the replica and compares it with what it says of itself.</summary>
    /// <returns>Null if it is sound and ours; else what is wrong with it.</returns>
    /// <exception cref="ReplicaException">It could not be read: nothing was found out.</exception>
    public async Task<string?> FindDamageAsync(ReplicaObject snapshot, SnapshotTrailer? trailer, CancellationToken cancellationToken)
    {
        try
        {
            return await store.ReadAsync(
                snapshot.Key,
                snapshot.Size,
                (stream, token) => FindDamageAsync(stream, snapshot.Key, trailer, token),
                cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaCorruptedException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>What lies under the key, if it is sound and fits what was captured.</summary>
    private async Task<PublishedSnapshot?> FindAdoptableAsync(string key, SpooledSnapshot snapshot, CancellationToken cancellationToken)
    {
        // The listing knows its size, which finds the trailer.
        var found = await store.ListAsync(key, cancellationToken).ConfigureAwait(false);
        if (found.Find(listed => listed.Key == key) is not { Key: not null } listed)
        {
            throw new ReplicaException($"'{key}' vanished from {store.Description}.", innerException: null, isTransient: true);
        }

        var reading = await store.ReadSnapshotTrailerAsync(listed, cancellationToken).ConfigureAwait(false);
        if (reading.Trailer is not { } theirs || theirs.Index != snapshot.Position.Index)
        {
            return null;
        }

        var isOurs = IsSame(theirs, snapshot.Trailer);
        var fits = isOurs
            || (database.Shadow.Find(snapshot.Position.Generation, theirs.Index) is not null
                && resume.SnapshotDiffers(snapshot.Position.Generation, theirs) is null);
        return fits && await FindDamageAsync(listed, theirs, cancellationToken).ConfigureAwait(false) is null
            ? new PublishedSnapshot(theirs, listed, isOurs)
            : null;
    }

    private static bool IsSame(SnapshotTrailer left, SnapshotTrailer right) =>
        left.CoveredOffset == right.CoveredOffset
        && left.CoveredChecksum == right.CoveredChecksum
        && left.Salts == right.Salts
        && left.DatabaseSize == right.DatabaseSize
        && left.RawHash.Span.SequenceEqual(right.RawHash.Span);

    private static async Task<string?> FindDamageAsync(
        Stream stream, string key, SnapshotTrailer? trailer, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var decoder = Lz4Frame.OpenDecoder(stream, key, leaveOpen: true);
        await using var _ = decoder.ConfigureAwait(false);
        var buffer = LargeBuffers.Rent(1 << 17);
        try
        {
            var length = 0L;
            while (await decoder.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                length += read;
            }

            return trailer is null || (length == trailer.DatabaseSize && hash.GetHashAndReset().AsSpan().SequenceEqual(trailer.RawHash.Span))
                ? null
                : $"'{key}' holds other bytes than were written";
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }
}
