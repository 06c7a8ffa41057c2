using System.Buffers.Binary;

namespace Litestream.Wal;

/// <summary>The 24 bytes before each page in a WAL. All fields are big-endian.</summary>
/// <remarks>
/// <code>
///  0  page number, from 1
///  4  size of the database in pages after this commit; 0 in a frame that is not the last of its transaction
///  8  salt-1   12  salt-2, as in the WAL's header
/// 16  checksum-1   20  checksum-2, over bytes 0-7 and the page, seeded with the frame before (or the header)
/// </code>
/// https://sqlite.org/fileformat2.html#the_write_ahead_log.
/// </remarks>
internal readonly record struct WalFrameHeader(uint PageNumber, uint CommitSize, WalSalts Salts, ChainChecksum Checksum)
{
    public const int Size = 24;

    /// <summary>True if this frame ends a transaction.</summary>
    public bool IsCommit => CommitSize != 0;

    /// <summary>Reads the fields; verifies nothing.</summary>
    public static WalFrameHeader Parse(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
        new WalSalts(BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])),
        new ChainChecksum(BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[20..])));
}
