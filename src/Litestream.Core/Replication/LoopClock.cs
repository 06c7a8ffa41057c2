namespace Litestream.Replication;

/// <summary>Tells a loop that hangs from one that sleeps: it says before each step when it will be back. Thread-safe.</summary>
internal sealed class LoopClock(TimeProvider time)
{
    private readonly Lock _lock = new(); // guards the field below; taken alone
    private DateTimeOffset? _due;

    /// <summary>How long the loop is late; zero while it keeps its time, or does not run.</summary>
    public TimeSpan Overdue
    {
        get
        {
            lock (_lock)
            {
                return _due is { } due && time.GetUtcNow() - due is var late && late > TimeSpan.Zero ? late : TimeSpan.Zero;
            }
        }
    }

    /// <summary>The loop works now, or sleeps and is back after this time.</summary>
    public void BackIn(TimeSpan sleep)
    {
        lock (_lock)
        {
            _due = time.GetUtcNow() + sleep;
        }
    }

    /// <summary>The loop has ended.</summary>
    public void Ended()
    {
        lock (_lock)
        {
            _due = null;
        }
    }
}
