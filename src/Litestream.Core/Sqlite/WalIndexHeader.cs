using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Litestream.Wal;

namespace Litestream.Sqlite;

/// <summary>
/// The header of the WAL-index, SQLite's shared memory beside a WAL: what every connection takes for the state of the
/// WAL. What lies in the WAL file past <see cref="MaxFrame"/> was never committed, however sound it looks.
/// </summary>
/// <remarks>
/// <code>
///  0  u32 version: 3007000           4  unused          8  u32 change counter
/// 12  u8  initialised               13  u8 checksums over big-endian words
/// 14  u16 page size (65536 is stored as 1; 0 until a frame was seen)
/// 16  u32 mxFrame: the last committed frame           20  u32 size of the database in pages
/// 24  u32 checksum-1  28 checksum-2 of frame mxFrame
/// 32  salt-1          36 salt-2, eight bytes as in the WAL's header
/// 40  u32 checksum-1  44 checksum-2 of bytes 0-39, words in native order, seeded with (0, 0)
/// </code>
/// Native byte order except the salts. https://sqlite.org/walformat.html#the_wal_index_file_format.
/// </remarks>
internal readonly record struct WalIndexHeader
{
    public const int Size = 48;

    private const uint SupportedVersion = 3007000;

    public uint Version { get; private init; }

    /// <summary>Grows with every transaction.</summary>
    public uint ChangeCounter { get; private init; }

    /// <summary>False in memory that SQLite has not yet filled by reading the WAL.</summary>
    public bool IsInit { get; private init; }

    public bool BigEndianChecksums { get; private init; }

    /// <summary>In bytes; 0 while no frame has been seen since the WAL-index was built.</summary>
    public int PageSize { get; private init; }

    /// <summary>The last committed frame, from 1; 0 if the WAL is empty, whose salts need not be in its header yet.</summary>
    public uint MaxFrame { get; private init; }

    /// <summary>Size of the database in pages after frame <see cref="MaxFrame"/>.</summary>
    public uint PageCount { get; private init; }

    /// <summary>The chain's checksum at frame <see cref="MaxFrame"/>; means nothing if that is 0.</summary>
    public ChainChecksum FrameChecksum { get; private init; }

    public WalSalts Salts { get; private init; }

    /// <summary>Reads a header and verifies its own checksum.</summary>
    /// <returns>False if the bytes are too few, torn, or of a version whose layout is unknown.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out WalIndexHeader header)
    {
        header = default;
        if (bytes.Length < Size)
        {
            return false;
        }

        var stored = new ChainChecksum(Native32(bytes[40..]), Native32(bytes[44..]));
        if (WalChecksum.Compute(default, bytes[..40], !BitConverter.IsLittleEndian) != stored)
        {
            return false;
        }

        var isInit = bytes[12] != 0;
        var version = Native32(bytes);
        var stored16 = MemoryMarshal.Read<ushort>(bytes[14..]);
        var pageSize = (stored16 & 0xFE00) + ((stored16 & 1) << 16);
        if (isInit && (version != SupportedVersion || (pageSize != 0 && !WalFormat.IsPageSize(pageSize))))
        {
            return false;
        }

        header = new WalIndexHeader
        {
            Version = version,
            ChangeCounter = Native32(bytes[8..]),
            IsInit = isInit,
            BigEndianChecksums = bytes[13] != 0,
            PageSize = pageSize,
            MaxFrame = Native32(bytes[16..]),
            PageCount = Native32(bytes[20..]),
            FrameChecksum = new ChainChecksum(Native32(bytes[24..]), Native32(bytes[28..])),
            Salts = new WalSalts(
                BinaryPrimitives.ReadUInt32BigEndian(bytes[32..]),
                BinaryPrimitives.ReadUInt32BigEndian(bytes[36..])),
        };
        return true;
    }

    private static uint Native32(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<uint>(bytes);
}
