namespace Litestream.Simulation;

/// <summary>
/// A clock that stands still until it is told to go on. Whoever waits for a delay is woken when nothing else can go on;
/// time-outs, which are longer, are not waited for.
/// </summary>
internal sealed class SimulatedTime : TimeProvider
{
    /// <summary>Longer timers are time-outs.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new(); // guards the fields below; nothing is called under it
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes on, past no timer's time without calling it.</summary>
    public void Advance(TimeSpan by)
    {
        var end = GetUtcNow() + by;
        while (TakeDue(end) is { } timer)
        {
            timer.Call();
        }

        lock (_lock)
        {
            _now = end > _now ? end : _now;
        }
    }

    /// <summary>Goes on to the next delay somebody waits for.</summary>
    /// <returns>False if nobody does.</returns>
    public bool EndDelay()
    {
        if (TakeDue(GetUtcNow() + LongestDelay) is not { } timer)
        {
            return false;
        }

        timer.Call();
        return true;
    }

    private Timer? TakeDue(DateTimeOffset end)
    {
        lock (_lock)
        {
            if (_timers.MinBy(timer => timer.Due) is not { } next || next.Due > end)
            {
                return null;
            }

            _timers.Remove(next);
            _now = next.Due > _now ? next.Due : _now;
            return next;
        }
    }

    private sealed class Timer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            return true;
        }

        public void Call() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
