using System.Buffers.Binary;

namespace Litestream.Wal;

/// <summary>The first 32 bytes of a WAL file. All fields are big-endian.</summary>
/// <remarks>
/// <code>
///  0  magic: 0x377F0682, checksums over little-endian words; 0x377F0683, over big-endian ones
///  4  format version: 3007000
///  8  page size (65536 is stored as it is)
/// 12  checkpoint sequence (per connection: proves nothing)
/// 16  salt-1   20  salt-2
/// 24  checksum-1   28  checksum-2, over the first 24 bytes, seeded with (0, 0)
/// </code>
/// https://sqlite.org/fileformat2.html#the_write_ahead_log; docs/FORMAT.md.
/// </remarks>
internal readonly record struct WalHeader
{
    public const int Size = 32;

    private const uint MagicLittleEndian = 0x377F0682;
    private const uint MagicBigEndian = 0x377F0683;
    private const uint FormatVersion = 3007000;

    public bool BigEndianChecksums { get; private init; }

    public int PageSize { get; private init; }

    public uint CheckpointSequence { get; private init; }

    public WalSalts Salts { get; private init; }

    /// <summary>The header's own checksum: the seed of the first frame's.</summary>
    public ChainChecksum Checksum { get; private init; }

    /// <summary>Size of one frame of this WAL in bytes.</summary>
    public int FrameSize => WalFormat.FrameSize(PageSize);

    /// <summary>Reads and verifies a header.</summary>
    /// <returns>False if the bytes are too few, or no sound WAL header. SQLite takes such a WAL as empty.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out WalHeader header)
    {
        header = default;
        if (bytes.Length < Size)
        {
            return false;
        }

        var magic = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var pageSize = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        if (magic is not (MagicLittleEndian or MagicBigEndian)
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != FormatVersion
            || !WalFormat.IsPageSize(pageSize))
        {
            return false;
        }

        var bigEndian = magic == MagicBigEndian;
        var stored = new ChainChecksum(
            BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[28..]));
        if (WalChecksum.Compute(default, bytes[..24], bigEndian) != stored)
        {
            return false;
        }

        header = new WalHeader
        {
            BigEndianChecksums = bigEndian,
            PageSize = (int)pageSize,
            CheckpointSequence = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]),
            Salts = new WalSalts(
                BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]),
                BinaryPrimitives.ReadUInt32BigEndian(bytes[20..])),
            Checksum = stored,
        };
        return true;
    }
}
