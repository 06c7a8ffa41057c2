using System.Buffers.Binary;
using Litestream.Storage;

namespace Litestream.Shadow;

/// <summary>
/// One entry of a times file: end offset and UTC microseconds since 1970, both i64 little-endian, -1 for a time that nobody
/// knows; then a check of the two.
/// </summary>
/// <remarks>
/// The check is for power cuts. The file is not synced on the way, so its last entry may be half there, and a time of 1970, or
/// of the next millennium, on a replica would have a restore choose the wrong generation.
/// </remarks>
internal static class TimesEntry
{
    /// <summary>Bytes of an entry.</summary>
    public const int Size = 24;

    private const long UnknownTime = -1;
    private const long LatestTime = 253_402_300_799_000_000;

    public static void Write(Span<byte> entry, CommitTime time)
    {
        var micros = time.NoticedAt is { } noticed ? (noticed - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : UnknownTime;
        BinaryPrimitives.WriteInt64LittleEndian(entry, time.EndOffset);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], micros);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[16..], Check(time.EndOffset, micros));
    }

    /// <returns>Null if the entry is not whole.</returns>
    public static CommitTime? Read(ReadOnlySpan<byte> entry)
    {
        var end = BinaryPrimitives.ReadInt64LittleEndian(entry);
        var micros = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
        return BinaryPrimitives.ReadUInt64LittleEndian(entry[16..]) == Check(end, micros) && micros is >= UnknownTime and <= LatestTime
            ? new CommitTime(end, micros == UnknownTime ? null : DateTimeOffset.UnixEpoch.AddMicroseconds(micros))
            : null;
    }

    /// <summary>Not 0 for zeros, which a file system leaves where nothing was written.</summary>
    private static ulong Check(long end, long micros) =>
        ((ulong)end * 0x9E3779B97F4A7C15 ^ ulong.RotateLeft((ulong)micros * 0xC2B2AE3D27D4EB4F, 29)) + 0x165667B19E3779F9;
}
