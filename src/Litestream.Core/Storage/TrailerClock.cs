namespace Litestream.Storage;

/// <summary>Times in trailers: UTC microseconds since 1970.</summary>
internal static class TrailerClock
{
    private static readonly long MinMicroseconds = DateTimeOffset.MinValue.ToUniversalTime().Subtract(DateTimeOffset.UnixEpoch).Ticks / 10;
    private static readonly long MaxMicroseconds = DateTimeOffset.MaxValue.Subtract(DateTimeOffset.UnixEpoch).Ticks / 10;

    /// <summary>Rounded up: a commit is never said to be older than it was noticed.</summary>
    public static long ToMicroseconds(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks;
        var floor = (ticks / 10) - (ticks % 10 < 0 ? 1 : 0);
        return Math.Min(floor * 10 == ticks ? floor : floor + 1, MaxMicroseconds);
    }

    public static bool IsValid(long microseconds) => microseconds >= MinMicroseconds && microseconds <= MaxMicroseconds;

    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * 10);
}
