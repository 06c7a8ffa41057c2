using System.Buffers.Binary;
using Litestream.Wal;

namespace Litestream.Interop;

/// <summary>
/// A database with the WAL that a machine of the other byte order would have left: the same frames, their checksums
/// over big-endian words. SQLite continues such a WAL in the order that its header names.
/// </summary>
internal static class BigEndianWal
{
    public const string Suffix = "-big-endian";

    private const uint Magic = 0x377f0683;

    /// <summary>Copies the database and its WAL beside themselves, the checksums turned. Nobody may write meanwhile.</summary>
    public static void LeaveBehind(string database)
    {
        // Copies through this process would drop SQLite's locks on the database; no second process is there to mind.
        var pages = ReadShared(database);
        var wal = ReadShared(database + "-wal");
        BinaryPrimitives.WriteUInt32BigEndian(wal, Magic);
        var sum = Write(wal.AsSpan(24), WalChecksum.Compute(default, wal.AsSpan(0, 24), bigEndian: true));
        var pageSize = (int)BinaryPrimitives.ReadUInt32BigEndian(wal.AsSpan(8));
        for (var offset = WalHeader.Size; offset + WalFormat.FrameSize(pageSize) <= wal.Length; offset += WalFormat.FrameSize(pageSize))
        {
            var frame = wal.AsSpan(offset, WalFormat.FrameSize(pageSize));
            sum = WalChecksum.Compute(sum, frame[..8], bigEndian: true);
            sum = Write(frame[16..], WalChecksum.Compute(sum, frame[WalFrameHeader.Size..], bigEndian: true));
        }

        File.WriteAllBytes(database + Suffix, pages);
        File.WriteAllBytes(database + Suffix + "-wal", wal);
    }

    public static bool IsBigEndian(string wal) => BinaryPrimitives.ReadUInt32BigEndian(ReadShared(wal)) == Magic;

    private static ChainChecksum Write(Span<byte> destination, ChainChecksum sum)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], sum.Sum2);
        return sum;
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
