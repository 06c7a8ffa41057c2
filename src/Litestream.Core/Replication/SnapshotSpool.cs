using System.Security.Cryptography;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>
/// Copies an image of a database, compressed, into a file of the spool folder, so that the database is held still for as
/// long as a disk takes and not for as long as an upload takes (docs/FORMAT.md, H20).
/// </summary>
internal sealed class SnapshotSpool(ICapturedDatabase database, Func<string, long> freeSpace)
{
    /// <summary>Never less than this is left free on the disk, which may be the database's own.</summary>
    public const long ReserveBytes = 64L << 20;

    /// <summary>LZ4 rarely makes a database smaller than one part in this many: with less free space there is no point in trying.</summary>
    private const int BestRatio = 8;

    private const int ReadBytes = Lz4Frame.BlockSize;

    /// <summary>How often the free space is looked at while writing.</summary>
    private const long CheckedBytes = 16L << 20;

    /// <summary>Free bytes on the disk that holds a folder; where Windows names no drive, as many as there may be.</summary>
    public static long FreeSpace(string directory) =>
        (OperatingSystem.IsWindows() ? WindowsDrive.Find(Path.GetFullPath(directory)) : new DriveInfo(directory))?.AvailableFreeSpace ?? long.MaxValue;

    /// <summary>Takes an image and spools it, when it is this database's turn. The image is let go before this returns.</summary>
    /// <param name="generation">The generation that it must be of.</param>
    /// <param name="isWanted">Whether an image of this position is of use; asked before any of it is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null if the database is in another generation by now, or at a position that is not wanted.</returns>
    public async Task<SpooledSnapshot?> TakeAsync(
        string generation, Predicate<ReplicationPosition> isWanted, CancellationToken cancellationToken)
    {
        using var turn = await database.TakeHeavyTurnAsync(cancellationToken).ConfigureAwait(false);
        if (database.Shadow.Head is not { } before)
        {
            return null;
        }

        using var image = await database.OpenImageAsync(cancellationToken).ConfigureAwait(false);
        if (image.Position.Generation != generation || !isWanted(image.Position))
        {
            return null;
        }

        CheckSpace(image, (long)image.PageCount * image.PageSize / BestRatio);
        var draft = ObjectDraft.InFile(database.SpoolDirectory);
        try
        {
            return Write(draft, image, before.Sequence, cancellationToken);
        }
        catch
        {
            draft.Dispose();
            throw;
        }
    }

    private SpooledSnapshot Write(ObjectDraft draft, IDatabaseImage image, long coveredSequence, CancellationToken cancellationToken)
    {
        var size = (long)image.PageCount * image.PageSize;
        var position = Mutations.Made == Mutation.SnapshotNamedNext
            ? image.Position with { Index = image.Position.Index + 1, Offset = 0 }
            : image.Position;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        draft.Encode<long>(encoder => Copy(encoder, image, hash, cancellationToken) is var copied && copied == size
            ? copied
            : throw new LitestreamException(
                $"The image of database '{database.Name}' at {image.Position} has {copied} bytes instead of {size}."));
        var trailer = new SnapshotTrailer
        {
            Index = position.Index,
            CoveredOffset = position.Offset,
            Salts = image.Salts,
            CoveredChecksum = image.Checksum,
            PageSize = image.PageSize,
            DatabaseSize = size,
            TakenAt = image.TakenAt,
            WriterId = database.WriterId,
            RawHash = hash.GetHashAndReset(),
        };
        draft.Content.Write(SnapshotTrailerCodec.Encode(trailer));
        return new SpooledSnapshot(draft, position, trailer, coveredSequence);
    }

    private long Copy(Stream encoder, IDatabaseImage image, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var buffer = LargeBuffers.Rent(ReadBytes);
        var content = new ContentWriter(encoder, hash);
        try
        {
            var (copied, nextCheck) = (0L, CheckedBytes);
            for (uint page = 1; image.ReadPages(page, buffer) is var read and > 0; page += (uint)(read / image.PageSize))
            {
                cancellationToken.ThrowIfCancellationRequested();
                content.Write(buffer.AsMemory(0, read));
                copied += read;
                if (copied >= nextCheck)
                {
                    CheckSpace(image, 0);
                    nextCheck += CheckedBytes;
                }
            }

            return copied;
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }

    private void CheckSpace(IDatabaseImage image, long needed)
    {
        Directory.CreateDirectory(database.SpoolDirectory);
        var free = freeSpace(database.SpoolDirectory);
        if (free < needed + ReserveBytes)
        {
            throw new LitestreamException(
                $"There is no room in '{database.SpoolDirectory}' for a snapshot of database '{database.Name}' " +
                $"({(long)image.PageCount * image.PageSize >> 20} MiB before compression): {free >> 20} MiB are free, and " +
                $"{ReserveBytes >> 20} MiB stay free in any case. Make room, or move the meta directory to another disk.",
                innerException: null,
                isTransient: true);
        }
    }
}
