using System.Buffers.Binary;
using Litestream.Wal;

namespace Litestream.Fuzz.Targets;

/// <summary>Makes bytes into a WAL whose checksums are right, whatever it says: a fuzzer guesses fields, never checksums.</summary>
internal static class ForgedWal
{
    /// <summary>Mends the header at the beginning, if there is room for one.</summary>
    /// <returns>Null if it is none, whatever its checksum.</returns>
    public static WalHeader? MendHeader(Span<byte> wal)
    {
        if (wal.Length < WalHeader.Size)
        {
            return null;
        }

        var bigEndian = (wal[3] & 1) != 0;
        var sum = WalChecksum.Compute(default, wal[..24], bigEndian);
        BinaryPrimitives.WriteUInt32BigEndian(wal[24..], sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(wal[28..], sum.Sum2);
        return WalHeader.TryParse(wal, out var header) ? header : null;
    }

    /// <summary>Mends salts and checksum of one frame.</summary>
    /// <returns>The chain behind it.</returns>
    public static ChainChecksum MendFrame(Span<byte> frame, WalHeader header, ChainChecksum sum)
    {
        BinaryPrimitives.WriteUInt32BigEndian(frame[8..], header.Salts.Salt1);
        BinaryPrimitives.WriteUInt32BigEndian(frame[12..], header.Salts.Salt2);
        sum = WalChecksum.Compute(sum, frame[..8], header.BigEndianChecksums);
        sum = WalChecksum.Compute(sum, frame[WalFrameHeader.Size..], header.BigEndianChecksums);
        BinaryPrimitives.WriteUInt32BigEndian(frame[16..], sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(frame[20..], sum.Sum2);
        return sum;
    }
}
