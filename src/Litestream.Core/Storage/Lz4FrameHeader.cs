using System.Buffers.Binary;
using K4os.Hash.xxHash;

namespace Litestream.Storage;

/// <summary>What an LZ4 frame says of itself before its first block.</summary>
/// <remarks>
/// <code>
///  FLG   bits 7-6 version (01), 5 independent blocks, 4 block checksums, 3 content size, 2 content checksum,
///        1 reserved (0), 0 dictionary id
///  BD    bit 7 reserved (0), 6-4 maximum block size (4: 64 KiB, 5: 256 KiB, 6: 1 MiB, 7: 4 MiB), 3-0 reserved (0)
///        u64 LE content size, if bit 3; u32 LE dictionary id, if bit 0
///  HC    second byte of the xxHash32 of all of the above
/// </code>
/// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md.
/// </remarks>
internal readonly record struct Lz4FrameHeader
{
    public const uint Magic = 0x184D2204;

    /// <summary>Skippable frames have magics from this to this + 15.</summary>
    public const uint SkippableMagic = 0x184D2A50;

    private const uint LegacyMagic = 0x184C2102;

    // "age-encryption.org/v1", the first line of an object that Litestream encrypted.
    private const uint AgeMagic = 0x2D656761;

    public bool LinkedBlocks { get; private init; }

    public bool BlockChecksums { get; private init; }

    public bool ContentChecksum { get; private init; }

    public long? ContentSize { get; private init; }

    public int MaxBlockSize { get; private init; }

    /// <summary>Says what an object is that begins neither with a frame nor with one to skip.</summary>
    public static string DescribeOtherMagic(uint magic) => magic switch
    {
        AgeMagic => "it is encrypted with age, which is not supported: decrypt the objects first",
        LegacyMagic => "it is a legacy LZ4 frame, which Litestream never wrote",
        _ => "it is no LZ4 frame",
    };

    public static bool IsSkippable(uint magic) => (magic & ~0xFu) == SkippableMagic;

    /// <summary>How many bytes the header has from FLG to HC, by its first byte.</summary>
    public static int Size(byte flg) => 3 + ((flg & 0x08) != 0 ? 8 : 0) + ((flg & 0x01) != 0 ? 4 : 0);

    /// <summary>Reads the bytes from FLG to HC.</summary>
    /// <returns>What is wrong with them, or null.</returns>
    public static string? Parse(ReadOnlySpan<byte> bytes, out Lz4FrameHeader header)
    {
        header = default;
        var (flg, bd) = (bytes[0], bytes[1]);
        if (bytes[^1] != (byte)(XXH32.DigestOf(bytes[..^1]) >> 8))
        {
            return "the frame header's checksum is wrong";
        }

        if ((flg & 0xC2) != 0x40 || (bd & 0x8F) != 0 || bd < 0x40)
        {
            return "the frame header is of an unknown version";
        }

        if ((flg & 0x01) != 0)
        {
            return "the frame needs a dictionary";
        }

        var contentSize = (flg & 0x08) != 0 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[2..]) : (ulong?)null;
        if (contentSize > long.MaxValue)
        {
            return "the frame's content size is impossible";
        }

        header = new Lz4FrameHeader
        {
            LinkedBlocks = (flg & 0x20) == 0,
            BlockChecksums = (flg & 0x10) != 0,
            ContentChecksum = (flg & 0x04) != 0,
            ContentSize = (long?)contentSize,
            MaxBlockSize = 1 << (8 + (2 * (bd >> 4))),
        };
        return null;
    }
}
