namespace Litestream.Wal;

/// <summary>
/// Sizes and offsets of a WAL file (https://sqlite.org/fileformat2.html#the_write_ahead_log): a header of 32 bytes, then
/// frames of 24 bytes of header and one page each.
/// </summary>
internal static class WalFormat
{
    /// <summary>Litestream v0.3.x lists no object whose offset has more than 8 hexadecimal digits: a WAL ends there.</summary>
    public const long MaxOffset = uint.MaxValue;

    /// <summary>Size of one frame in bytes.</summary>
    public static int FrameSize(int pageSize) => WalFrameHeader.Size + pageSize;

    /// <summary>Offset in bytes of the end of frame <paramref name="frame"/> (from 1), which is where the next one starts; 32 for 0.</summary>
    public static long EndOfFrame(uint frame, int pageSize) => WalHeader.Size + (long)frame * FrameSize(pageSize);

    /// <summary>How many whole frames end at or before <paramref name="offset"/>.</summary>
    public static uint FramesUpTo(long offset, int pageSize) =>
        offset <= WalHeader.Size ? 0 : (uint)((offset - WalHeader.Size) / FrameSize(pageSize));

    /// <summary>True if <paramref name="offset"/> is 0, 32, or the end of a frame.</summary>
    public static bool IsBoundary(long offset, int pageSize) =>
        offset == 0 || (offset >= WalHeader.Size && (offset - WalHeader.Size) % FrameSize(pageSize) == 0);

    /// <summary>True for the page sizes SQLite knows: powers of two from 512 to 65536.</summary>
    public static bool IsPageSize(long value) => value is >= 512 and <= 65536 && (value & (value - 1)) == 0;
}
