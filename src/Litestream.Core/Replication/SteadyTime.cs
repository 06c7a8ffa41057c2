using System.Runtime.CompilerServices;

namespace Litestream.Replication;

/// <summary>
/// A clock that nobody sets: the time of day when it was first asked for, and from then on what the monotonic clock says. For
/// how long something lasts: by the time of day a lag would be gone when the clock is set back, and days when it is set
/// ahead. Thread-safe.
/// </summary>
internal sealed class SteadyTime : TimeProvider
{
    /// <summary>A time of day that was not set strays by less, while it is slowly brought into line.</summary>
    private static readonly TimeSpan Drift = TimeSpan.FromSeconds(1);

    private static readonly ConditionalWeakTable<TimeProvider, SteadyTime> Clocks = [];

    private readonly TimeProvider _time;
    private readonly DateTimeOffset _start;
    private readonly long _startedAt;

    private SteadyTime(TimeProvider time) => (_time, _start, _startedAt) = (time, time.GetUtcNow(), time.GetTimestamp());

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => _time.LocalTimeZone;

    // How far the time of day was set ahead since the start; negative: back.
    private TimeSpan SetAhead => _time.GetUtcNow() - GetUtcNow() is var ahead && ahead.Duration() > Drift ? ahead : TimeSpan.Zero;

    /// <summary>The one that belongs to a clock: times of it can be compared wherever they were taken.</summary>
    public static SteadyTime Of(TimeProvider time) => Clocks.GetValue(time, static clock => new SteadyTime(clock));

    public override DateTimeOffset GetUtcNow() => _start + _time.GetElapsedTime(_startedAt);

    public override long GetTimestamp() => _time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _time.CreateTimer(callback, state, dueTime, period);

    /// <summary>What this clock showed at a time of day that has just been.</summary>
    public DateTimeOffset FromTimeOfDay(DateTimeOffset recent)
    {
        var (steady, now) = (recent - SetAhead, GetUtcNow());
        return steady < now ? steady : now;
    }

    /// <summary>A time of this clock as one by the time of day as it is now: it is as long ago.</summary>
    public DateTimeOffset ToTimeOfDay(DateTimeOffset steady) => steady + SetAhead;
}
