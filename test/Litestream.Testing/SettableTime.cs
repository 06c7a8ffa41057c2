namespace Litestream.Testing;

/// <summary>A clock whose time of day somebody sets, while what it measures goes on as before: NTP, a user, a VM that resumes.</summary>
public sealed class SettableTime(TimeProvider inner) : TimeProvider
{
    private long _ahead;

    /// <summary>How far the time of day is ahead of the inner clock's.</summary>
    public TimeSpan Ahead
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _ahead));
        set => Interlocked.Exchange(ref _ahead, value.Ticks);
    }

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Ahead;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
