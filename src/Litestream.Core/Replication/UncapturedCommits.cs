namespace Litestream.Replication;

/// <summary>
/// Since when something may be committed that the capture has not looked at: the part of a replica's lag that comes before
/// the shadow. It grows while a pass hangs or fails, because commits are noticed by another thread than the one that
/// captures them. Thread-safe; allocates nothing.
/// </summary>
internal sealed class UncapturedCommits(TimeProvider time)
{
    /// <summary>A pass takes milliseconds. One that takes longer than this may hang where commits are not noticed either.</summary>
    private static readonly TimeSpan PassTakes = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private DateTimeOffset? _noticed;
    private DateTimeOffset? _lookedAt;
    private DateTimeOffset? _passStarted;
    private DateTimeOffset? _captured;

    /// <summary>Age of the oldest commit that is not captured, as far as one can tell; zero when there is none.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (_lock)
            {
                var now = time.GetUtcNow();
                var oldest = Older(_noticed, _lookedAt);
                if (_passStarted is { } started && now - started > PassTakes)
                {
                    oldest = Older(oldest, started);
                }

                return oldest is { } since && now > since ? now - since : TimeSpan.Zero;
            }
        }
    }

    /// <summary>
    /// When the oldest commit was noticed of those that have been captured since this was last called; null if none was
    /// noticed before.
    /// </summary>
    public DateTimeOffset? TakeCaptured()
    {
        lock (_lock)
        {
            (var captured, _captured) = (_captured, null);
            return captured;
        }
    }

    /// <summary>Somebody saw a commit, or says so.</summary>
    public void Noticed()
    {
        lock (_lock)
        {
            _noticed ??= time.GetUtcNow();
        }
    }

    /// <summary>What was noticed so far is looked at now.</summary>
    public void PassBegins()
    {
        lock (_lock)
        {
            _passStarted = time.GetUtcNow();
            (_lookedAt, _noticed) = (Older(_noticed, _lookedAt), null);
        }
    }

    /// <summary>The pass has captured all that had been noticed when it began, and goes on.</summary>
    public void PassCaptured()
    {
        lock (_lock)
        {
            (_captured, _lookedAt) = (Older(_captured, _lookedAt), null);
        }
    }

    /// <summary>The pass is over, and captured all that had been noticed when it began.</summary>
    public void PassSucceeded()
    {
        lock (_lock)
        {
            (_captured, _lookedAt, _passStarted) = (Older(_captured, _lookedAt), null, null);
        }
    }

    /// <summary>The pass failed: there may be more than was noticed, since without a read mark nobody looks.</summary>
    public void PassFailed()
    {
        lock (_lock)
        {
            _noticed = Older(_noticed, _lookedAt) ?? _passStarted;
            (_lookedAt, _passStarted) = (null, null);
        }
    }

    /// <summary>There is no database, or another process captures it, or nothing is captured any more.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            (_noticed, _lookedAt, _passStarted) = (null, null, null);
        }
    }

    private static DateTimeOffset? Older(DateTimeOffset? left, DateTimeOffset? right) =>
        left is null ? right : right is null || left < right ? left : right;
}
