using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>The bytes of a <see cref="SegmentTrailer"/>.</summary>
/// <remarks>
/// The body, version 1, inside a <see cref="TrailerFrame"/>; all numbers little-endian:
/// <code>
///   0   1  flags: bit 0, a previous segment is named; bit 1, its ordinal follows
///   1   4  index
///   5   8  offset: where the raw bytes start in the WAL
///  13   8  length of the raw bytes
///  21   8  salt-1, salt-2
///  29   8  chain checksum before the first frame
///  37   8  chain checksum after the last frame
///  45  16  writer id, in the order it is printed
///  61  32  SHA-256 of the raw bytes
///  93  28  previous segment: index (4), offset (8), end offset (8), chain checksum at its end (8); zeros if none
/// 121   8  ordinal: segments uploaded before it in the generation; only with flag bit 1
///   …   …  commit times (CommitTimeTable)
/// </code>
/// docs/FORMAT.md, section 3.
/// </remarks>
internal static class SegmentTrailerCodec
{
    private const byte Version = 1;
    private const byte HasPrevious = 1;
    private const byte HasOrdinal = 2;

    /// <summary>The skippable frame to put behind a segment's data. Commit times are thinned to 10 ms, or further until they fit.</summary>
    public static byte[] Encode(SegmentTrailer trailer)
    {
        for (var bucket = CommitTimeTable.ThinnedToMicroseconds; bucket < TimeSpan.MicrosecondsPerDay; bucket *= 10)
        {
            var body = EncodeBody(trailer, CommitTimeTable.Thin(trailer.Commits, bucket));
            if (TrailerFrame.Fits(body.Length))
            {
                return TrailerFrame.Wrap(Version, body, TrailerFrame.SegmentMagic);
            }
        }

        // To know nothing of them is always true.
        CommitTime[] unknown = [new(trailer.Commits[^1].EndOffset, null)];
        return TrailerFrame.Wrap(Version, EncodeBody(trailer, unknown), TrailerFrame.SegmentMagic);
    }

    /// <summary>Looks for a trailer at the end of <paramref name="tail"/>, the last bytes of an object. Throws for no input.</summary>
    public static TrailerReading<SegmentTrailer> ReadTail(ReadOnlySpan<byte> tail)
    {
        var state = TrailerFrame.Unwrap(tail, TrailerFrame.SegmentMagic, out var length, out var version, out var body);
        if (state != TrailerState.Sound || version != Version)
        {
            return new(state != TrailerState.Sound ? state : version > Version ? TrailerState.NewerVersion : TrailerState.Damaged, null, length);
        }

        var trailer = DecodeBody(body);
        return new(trailer is null ? TrailerState.Damaged : TrailerState.Sound, trailer, length);
    }

    /// <summary>Reads the trailer of an object on a replica.</summary>
    /// <exception cref="ReplicaException">The object could not be read.</exception>
    public static Task<TrailerReading<SegmentTrailer>> ReadAsync(
        IReplicaClient client, ReplicaObject source, CancellationToken cancellationToken) =>
        TrailerFrame.ReadAsync(client, source, ReadTail, cancellationToken);

    private static ReadOnlySpan<byte> EncodeBody(SegmentTrailer trailer, IReadOnlyList<CommitTime> commits)
    {
        if (!IsSensible(trailer) || !IsAscending(trailer))
        {
            throw new ArgumentException("The trailer contradicts itself.", nameof(trailer));
        }

        var writer = new TrailerBodyWriter();
        writer.Write((byte)((trailer.Previous is null ? 0 : HasPrevious) | (trailer.Ordinal is null ? 0 : HasOrdinal)));
        writer.Write((uint)trailer.Index);
        writer.Write(trailer.Offset);
        writer.Write(trailer.RawLength);
        writer.Write(trailer.Salts);
        writer.Write(trailer.FirstChecksum);
        writer.Write(trailer.LastChecksum);
        writer.Write(trailer.WriterId);
        writer.WriteHash(trailer.RawHash);
        var previous = trailer.Previous ?? new SegmentLink(0, 0, 0, default);
        writer.Write((uint)previous.Index);
        writer.Write(previous.Offset);
        writer.Write(previous.EndOffset);
        writer.Write(previous.LastChecksum);
        if (trailer.Ordinal is { } ordinal)
        {
            writer.Write(ordinal);
        }

        CommitTimeTable.Write(writer, trailer.Offset, commits);
        return writer.Written;
    }

    private static SegmentTrailer? DecodeBody(ReadOnlySpan<byte> body)
    {
        var reader = new TrailerBodyReader(body);
        var flags = reader.ReadByte();
        var trailer = new SegmentTrailer
        {
            Index = reader.ReadIndex(),
            Offset = reader.ReadInt64(),
            RawLength = reader.ReadInt64(),
            Salts = reader.ReadSalts(),
            FirstChecksum = reader.ReadChecksum(),
            LastChecksum = reader.ReadChecksum(),
            WriterId = reader.ReadGuid(),
            RawHash = reader.ReadHash(),
        };
        var previous = new SegmentLink(reader.ReadIndex(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadChecksum());
        trailer = trailer with
        {
            Previous = (flags & HasPrevious) != 0 ? previous : null,
            Ordinal = (flags & HasOrdinal) != 0 ? reader.ReadInt64() : null,
        };
        if (reader.Failed || flags > (HasPrevious | HasOrdinal) || !IsSensible(trailer))
        {
            return null;
        }

        var commits = CommitTimeTable.Read(ref reader, trailer.Offset, trailer.EndOffset);
        return commits is null || reader.Failed || reader.Remaining > 0 ? null : trailer with { Commits = commits };
    }

    private static bool IsSensible(SegmentTrailer trailer) =>
        trailer.Index >= 0
        && trailer.Ordinal is null or >= 0
        && trailer.Offset is >= 0 and <= WalFormat.MaxOffset
        && trailer.RawLength is > 0 and <= WalFormat.MaxOffset
        && trailer.EndOffset <= WalFormat.MaxOffset
        && (trailer.Previous is not { } previous
            || (previous.Index >= 0 && previous.Offset >= 0 && previous.EndOffset >= previous.Offset && previous.EndOffset <= WalFormat.MaxOffset));

    private static bool IsAscending(SegmentTrailer trailer)
    {
        var last = trailer.Offset;
        foreach (var commit in trailer.Commits)
        {
            if (commit.EndOffset <= last || commit.EndOffset > trailer.EndOffset)
            {
                return false;
            }

            last = commit.EndOffset;
        }

        return true;
    }
}
