using System.Buffers;
using System.Security.Cryptography;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Puts the snapshot onto the replica that a generation begins with, or with which a replica rejoins it. It goes up
/// before any WAL of its index, since Litestream refuses a replica whose newest generation has none.
/// </summary>
internal sealed class SnapshotUploader(
    ICapturedDatabase database,
    ReplicaStore store,
    ReplicaResume resume,
    SnapshotSpool spool,
    string replica,
    ILogger logger) : IDisposable
{
    // Kept over failed uploads, so that a store that is down for an hour costs one reading of the database and not sixty.
    private SpooledSnapshot? _spooled;

    /// <summary>Where snapshots are reported.</summary>
    public DatabaseTelemetry Telemetry { get; set; } = DatabaseTelemetry.Unmeasured(database.Name);

    /// <summary>Takes a snapshot, unless one waits already, and uploads it.</summary>
    /// <param name="cursor">Where the worker is. Its generation; and if it has uploaded WAL, the index that the snapshot must lie above.</param>
    /// <param name="cancellationToken">Gives up; what was spooled is kept.</param>
    public Task<SnapshotStep> UploadAsync(ReplicaCursor cursor, CancellationToken cancellationToken) =>
        Telemetry.MeasureAsync(
            LitestreamActivities.Snapshot,
            replica,
            static (telemetry, name, duration, failure) => telemetry.Snapshotted(name, duration, failure),
            () => TakeAndUploadAsync(cursor, cancellationToken));

    private async Task<SnapshotStep> TakeAndUploadAsync(ReplicaCursor cursor, CancellationToken cancellationToken)
    {
        if (_spooled is { } old && !IsUsable(old, cursor))
        {
            Forget();
        }

        _spooled ??= await spool.TakeAsync(cursor.Generation, cancellationToken).ConfigureAwait(false);
        if (_spooled is not { } snapshot)
        {
            return new SnapshotStep.GaveUp();
        }

        if (!IsUsable(snapshot, cursor))
        {
            Forget();
            return new SnapshotStep.GaveUp();
        }

        var key = ReplicaLayout.SnapshotKey(cursor.Generation, snapshot.Position.Index);
        var step = await UploadAsync(key, snapshot, cancellationToken).ConfigureAwait(false);
        Forget();
        return step;
    }

    /// <summary>Removes what waits in the spool folder.</summary>
    public void Dispose() => Forget();

    private async Task<SnapshotStep> UploadAsync(string key, SpooledSnapshot snapshot, CancellationToken cancellationToken)
    {
        var (trailer, sequence) = (snapshot.Trailer, (long?)snapshot.CoveredSequence);
        try
        {
            var created = await store.CreateAsync(key, snapshot.Draft.Content, cancellationToken).ConfigureAwait(false);
            Log.SnapshotUploaded(logger, key, replica, database.Name, snapshot.Position, trailer.DatabaseSize, created.Size);
        }
        catch (ReplicaObjectExistsException)
        {
            if (await FindAdoptableAsync(key, snapshot.Position.Generation, cancellationToken).ConfigureAwait(false) is not { } theirs)
            {
                return new SnapshotStep.Refused(
                    GenerationReason.ReplicaConflict,
                    $"'{key}' exists on {store.Description} and was not made from what was captured here: somebody else writes there");
            }

            (trailer, sequence) = (theirs, null);
            Log.SnapshotAdopted(logger, key, replica, database.Name);
        }

        return new SnapshotStep.Published(
            new ReplicaCursor(snapshot.Position.Generation, trailer.Index, 0) { MustReach = trailer.CoveredOffset },
            sequence);
    }

    /// <summary>The trailer of the snapshot that lies under the key, if it is sound and fits what was captured.</summary>
    private async Task<SnapshotTrailer?> FindAdoptableAsync(string key, string generation, CancellationToken cancellationToken)
    {
        try
        {
            // The listing knows its size, which finds the trailer.
            var found = await store.ListAsync(key, cancellationToken).ConfigureAwait(false);
            if (found.Find(listed => listed.Key == key) is not { Key: not null } listed)
            {
                throw new ReplicaException($"'{key}' vanished from {store.Description}.", innerException: null, isTransient: true);
            }

            var reading = await store.ReadSnapshotTrailerAsync(listed, cancellationToken).ConfigureAwait(false);
            return reading.Trailer is { } trailer
                && ReplicaLayout.TryParseSnapshot(key, out var name)
                && trailer.Index == name.Index
                && database.Shadow.Find(generation, trailer.Index) is not null
                && resume.SnapshotDiffers(generation, trailer) is null
                && await store.ReadAsync(
                    key,
                    listed.Size,
                    (stream, token) => IsSoundAsync(stream, key, trailer, token),
                    cancellationToken).ConfigureAwait(false)
                ? trailer
                : null;
        }
        catch (ReplicaCorruptedException)
        {
            return null;
        }
    }

    private static async Task<bool> IsSoundAsync(Stream stream, string key, SnapshotTrailer trailer, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var decoder = Lz4Frame.OpenDecoder(stream, key, leaveOpen: true);
        await using var _ = decoder.ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            var length = 0L;
            while (await decoder.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                length += read;
            }

            return length == trailer.DatabaseSize && hash.GetHashAndReset().AsSpan().SequenceEqual(trailer.RawHash.Span);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The WAL from the snapshot on must still be there, and none of its index on the replica.</summary>
    private bool IsUsable(SpooledSnapshot snapshot, ReplicaCursor cursor) =>
        snapshot.Position.Generation == cursor.Generation
        && database.Shadow.Head?.Position.Generation == cursor.Generation
        && database.Shadow.Find(cursor.Generation, snapshot.Position.Index) is not null
        && (snapshot.Position.Index > cursor.Index || (snapshot.Position.Index == cursor.Index && cursor.Offset == 0));

    private void Forget()
    {
        _spooled?.Dispose();
        _spooled = null;
    }
}
