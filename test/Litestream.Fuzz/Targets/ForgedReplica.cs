using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Litestream.Restore;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Fuzz.Targets;

/// <summary>
/// A replica made from the bytes of an input, object by object, so that compression and every checksum is right where the
/// input does not ask for another.
/// </summary>
/// <remarks>
/// <code>
/// 1  kind: 0 snapshot, 1 snapshot without a trailer, 2 bytes as they are under the name of a snapshot, 3 segment,
///    4 segment without a trailer, 5 bytes as they are under the name of a segment, 6 segment with a trailer of any body,
///    7 any key, closed by a zero, and bytes; 8: another page size; 0x10: an offset follows; 0x20: checksums are not mended
/// 1  index
/// 1  seconds since the start
/// 2  length of what follows
///    snapshot: a byte for each eight of the image. Segment: nine bytes for each frame, its page, the size after its commit,
///    a byte of which the page is full
/// </code>
/// </remarks>
internal sealed class ForgedReplica
{
    public const string Generation = "00000000000000aa";
    public const int PageSize = 512;
    public const int FrameSize = PageSize + WalFrameHeader.Size;

    public static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private const int HeadLength = 5;
    private const int MostObjects = 24;

    private readonly Dictionary<int, (WalHeader Header, ChainChecksum Checksum, long End)> _wals = [];
    private SegmentLink? _previous;

    public ObjectStore Store { get; } = new();

    /// <summary>No restored file can have more bytes than this.</summary>
    public long RawBytes { get; private set; } = PageSize;

    public void Read(ReadOnlySpan<byte> input)
    {
        for (var objects = 0; objects < MostObjects && input.Length >= HeadLength; objects++)
        {
            var (kind, index, at) = (input[0], (int)input[1], Start.AddSeconds(input[2]));
            int length = BinaryPrimitives.ReadUInt16LittleEndian(input[3..]);
            var content = input.Slice(HeadLength, Math.Min(length, input.Length - HeadLength));
            input = input[(HeadLength + content.Length)..];
            switch (kind & 7)
            {
                case 0 or 1:
                    PutSnapshot(kind, index, at, content);
                    break;
                case 2:
                    Put(ReplicaLayout.SnapshotKey(Generation, index), content.ToArray(), at);
                    break;
                case 3 or 4 or 6:
                    PutSegment(kind, index, at, content);
                    break;
                case 5:
                    Put(ReplicaLayout.SegmentKey(Generation, index, _wals.TryGetValue(index, out var known) ? known.End : 0), content.ToArray(), at);
                    break;
                default:
                    var zero = content.IndexOf((byte)0);
                    Put(Encoding.Latin1.GetString(zero < 0 ? content : content[..zero]), zero < 0 ? [] : content[(zero + 1)..].ToArray(), at);
                    break;
            }
        }
    }

    private void PutSnapshot(byte kind, int index, DateTimeOffset at, ReadOnlySpan<byte> content)
    {
        var image = new byte[content.Length * 8];
        for (var i = 0; i < image.Length; i++)
        {
            image[i] = content[i / 8];
        }

        RawBytes += image.Length;
        var covered = _wals.TryGetValue(index, out var wal) && (kind & 0x10) != 0 ? wal.End : 0;
        var trailer = (kind & 7) == 1 ? [] : Trailer(() => SnapshotTrailerCodec.Encode(new SnapshotTrailer
        {
            Index = index,
            CoveredOffset = covered,
            Salts = covered == 0 ? default : wal.Header.Salts,
            CoveredChecksum = covered == 0 ? default : wal.Checksum,
            PageSize = (kind & 8) != 0 ? 1024 : PageSize,
            DatabaseSize = image.Length,
            TakenAt = at,
            WriterId = Guid.Empty,
            RawHash = (kind & 0x20) != 0 ? new byte[32] : SHA256.HashData(image),
        }));
        Put(ReplicaLayout.SnapshotKey(Generation, index), [.. Compressed(image), .. trailer], at);
    }

    private void PutSegment(byte kind, int index, DateTimeOffset at, ReadOnlySpan<byte> content)
    {
        var raw = new MemoryStream();
        var (wal, offset) = (default((WalHeader Header, ChainChecksum Checksum, long End)), 0L);
        if (_wals.TryGetValue(index, out var known))
        {
            (wal, offset) = (known, known.End);
        }
        else
        {
            var header = new byte[WalHeader.Size];
            BinaryPrimitives.WriteUInt32BigEndian(header, 0x377F0682u + (uint)(index & 1));
            BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), 3007000);
            BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), (kind & 8) != 0 ? 1024u : PageSize);
            header[19] = header[23] = (byte)(index + 1);
            var parsed = ForgedWal.MendHeader(header)!.Value;
            wal = (parsed, parsed.Checksum, 0);
            raw.Write(header);
        }

        if ((kind & 0x10) != 0 && content.Length >= 2)
        {
            offset = WalHeader.Size + ((long)content[0] * FrameSize) + content[1];
            content = content[2..];
        }

        var first = wal.Checksum;
        var body = content;
        var frame = new byte[wal.Header.FrameSize];
        for (; content.Length >= 9; content = content[9..])
        {
            content[..8].CopyTo(frame);
            frame.AsSpan(WalFrameHeader.Size).Fill(content[8]);
            if ((kind & 0x20) == 0)
            {
                wal.Checksum = ForgedWal.MendFrame(frame, wal.Header, wal.Checksum);
            }

            raw.Write(frame);
        }

        var bytes = raw.ToArray();
        RawBytes += bytes.Length;
        wal.End = offset + bytes.Length;
        var trailer = (kind & 7) switch
        {
            3 => Trailer(() => SegmentTrailerCodec.Encode(new SegmentTrailer
            {
                Index = index,
                Offset = offset,
                RawLength = bytes.Length,
                Salts = wal.Header.Salts,
                FirstChecksum = first,
                LastChecksum = wal.Checksum,
                Previous = _previous,
                WriterId = Guid.Empty,
                RawHash = SHA256.HashData(bytes),
                Commits = bytes.Length == 0 ? [] : [new CommitTime(wal.End, at)],
            })),
            6 => TrailerFrame.Wrap(1, body, TrailerFrame.SegmentMagic),
            _ => [],
        };
        if (offset <= WalFormat.MaxOffset)
        {
            Put(ReplicaLayout.SegmentKey(Generation, index, offset), [.. Compressed(bytes), .. trailer], at);
        }

        _wals[index] = wal;
        _previous = new SegmentLink(index, offset, wal.End, wal.Checksum);
    }

    private void Put(string key, byte[] content, DateTimeOffset at)
    {
        // Bytes of a fuzzer's may be a frame too, of which no byte stands for more than 255.
        RawBytes += 255L * content.Length;
        Store.Put(key, content, at);
    }

    /// <summary>None where the library would not write it, since it contradicts itself.</summary>
    private static byte[] Trailer(Func<byte[]> encode)
    {
        try
        {
            return encode();
        }
        catch (ArgumentException)
        {
            return [];
        }
    }

    private static byte[] Compressed(byte[] content)
    {
        using var encoded = new MemoryStream();
        if (content.Length == 0)
        {
            return [];
        }

        using (var encoder = Lz4Frame.OpenEncoder(encoded, leaveOpen: true))
        {
            encoder.Write(content);
        }

        return encoded.ToArray();
    }
}
