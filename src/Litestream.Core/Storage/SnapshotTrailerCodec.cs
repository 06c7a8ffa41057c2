using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>The bytes of a <see cref="SnapshotTrailer"/>.</summary>
/// <remarks>
/// The body, version 1, inside a <see cref="TrailerFrame"/>; all numbers little-endian:
/// <code>
///   0   4  index
///   4   8  covered offset: up to where in that WAL the image contains commits
///  12   8  salt-1, salt-2
///  20   8  chain checksum at the covered offset
///  28   4  page size
///  32   8  size of the image
///  40   8  when it was taken, UTC microseconds since 1970
///  48  16  writer id, in the order it is printed
///  64  32  SHA-256 of the image
/// </code>
/// docs/FORMAT.md, section 3.
/// </remarks>
internal static class SnapshotTrailerCodec
{
    private const byte Version = 1;

    /// <summary>The skippable frame to put behind a snapshot's data.</summary>
    public static byte[] Encode(SnapshotTrailer trailer)
    {
        if (!IsSensible(trailer))
        {
            throw new ArgumentException("The trailer contradicts itself.", nameof(trailer));
        }

        var writer = new TrailerBodyWriter();
        writer.Write((uint)trailer.Index);
        writer.Write(trailer.CoveredOffset);
        writer.Write(trailer.Salts);
        writer.Write(trailer.CoveredChecksum);
        writer.Write((uint)trailer.PageSize);
        writer.Write(trailer.DatabaseSize);
        writer.Write(TrailerClock.ToMicroseconds(trailer.TakenAt));
        writer.Write(trailer.WriterId);
        writer.WriteHash(trailer.RawHash);
        return TrailerFrame.Wrap(Version, writer.Written, TrailerFrame.SnapshotMagic);
    }

    /// <summary>Looks for a trailer at the end of <paramref name="tail"/>, the last bytes of an object. Throws for no input.</summary>
    public static TrailerReading<SnapshotTrailer> ReadTail(ReadOnlySpan<byte> tail)
    {
        var state = TrailerFrame.Unwrap(tail, TrailerFrame.SnapshotMagic, out var length, out var version, out var body);
        if (state != TrailerState.Sound || version != Version)
        {
            return new(state != TrailerState.Sound ? state : version > Version ? TrailerState.NewerVersion : TrailerState.Damaged, null, length);
        }

        var trailer = DecodeBody(body);
        return new(trailer is null ? TrailerState.Damaged : TrailerState.Sound, trailer, length);
    }

    /// <summary>Reads the trailer of an object on a replica.</summary>
    /// <exception cref="ReplicaException">The object could not be read.</exception>
    public static Task<TrailerReading<SnapshotTrailer>> ReadAsync(
        IReplicaClient client, ReplicaObject source, CancellationToken cancellationToken) =>
        TrailerFrame.ReadAsync(client, source, ReadTail, cancellationToken);

    private static SnapshotTrailer? DecodeBody(ReadOnlySpan<byte> body)
    {
        var reader = new TrailerBodyReader(body);
        var (index, coveredOffset) = (reader.ReadIndex(), reader.ReadInt64());
        var (salts, coveredChecksum) = (reader.ReadSalts(), reader.ReadChecksum());
        var (pageSize, databaseSize, takenAt) = (reader.ReadIndex(), reader.ReadInt64(), reader.ReadInt64());
        var (writerId, rawHash) = (reader.ReadGuid(), reader.ReadHash());
        if (reader.Failed || reader.Remaining > 0 || !TrailerClock.IsValid(takenAt))
        {
            return null;
        }

        var trailer = new SnapshotTrailer
        {
            Index = index,
            CoveredOffset = coveredOffset,
            Salts = salts,
            CoveredChecksum = coveredChecksum,
            PageSize = pageSize,
            DatabaseSize = databaseSize,
            TakenAt = TrailerClock.FromMicroseconds(takenAt),
            WriterId = writerId,
            RawHash = rawHash,
        };
        return IsSensible(trailer) ? trailer : null;
    }

    private static bool IsSensible(SnapshotTrailer trailer) =>
        trailer.Index >= 0
        && trailer.CoveredOffset <= WalFormat.MaxOffset
        && WalFormat.IsPageSize(trailer.PageSize)
        && WalFormat.IsBoundary(trailer.CoveredOffset, trailer.PageSize)
        && trailer.DatabaseSize > 0
        && trailer.DatabaseSize % trailer.PageSize == 0;
}
