using System.Globalization;

namespace Litestream.Cli.Output;

/// <summary>Times and durations as Go, and so Litestream, prints them: scripts read them.</summary>
internal static class GoText
{
    /// <summary>RFC 3339 in UTC, whole seconds.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>A lag, cut to what matters: above 10 s to seconds, above 1 s to tenths, and so on.</summary>
    public static string Lag(TimeSpan lag)
    {
        var size = lag.Duration();
        var unit = size > TimeSpan.FromSeconds(10) ? TimeSpan.TicksPerSecond
            : size > TimeSpan.FromSeconds(1) ? TimeSpan.TicksPerSecond / 10
            : size > TimeSpan.FromMilliseconds(1) ? TimeSpan.TicksPerMillisecond
            : size > TimeSpan.FromMicroseconds(1) ? TimeSpan.TicksPerMicrosecond
            : 1;
        return Duration(TimeSpan.FromTicks(lag.Ticks / unit * unit));
    }

    /// <summary><c>1h2m3.5s</c>; below a second <c>250ms</c>, <c>4µs</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var sign = duration < TimeSpan.Zero ? "-" : "";
        duration = duration.Duration();
        if (duration < TimeSpan.FromMicroseconds(1))
        {
            return $"{sign}{Number((decimal)duration.TotalNanoseconds)}ns";
        }

        if (duration < TimeSpan.FromMilliseconds(1))
        {
            return $"{sign}{Number(duration.Ticks / (decimal)TimeSpan.TicksPerMicrosecond)}µs";
        }

        if (duration < TimeSpan.FromSeconds(1))
        {
            return $"{sign}{Number(duration.Ticks / (decimal)TimeSpan.TicksPerMillisecond)}ms";
        }

        var hours = (long)duration.TotalHours;
        var seconds = Number(duration.Ticks % TimeSpan.TicksPerMinute / (decimal)TimeSpan.TicksPerSecond);
        return hours > 0 ? $"{sign}{Number(hours)}h{duration.Minutes}m{seconds}s"
            : duration.Minutes > 0 ? $"{sign}{duration.Minutes}m{seconds}s"
            : $"{sign}{seconds}s";
    }

    /// <summary>An index or an offset in decimal, as the listings have it.</summary>
    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Number(decimal number) => number.ToString("0.#########", CultureInfo.InvariantCulture);
}
