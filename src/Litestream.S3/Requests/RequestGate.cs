namespace Litestream.S3.Requests;

/// <summary>
/// What every request to a bucket passes: so many at once, so many begun per second, none before the store's own
/// Retry-After is over, and ever slower while requests fail. It keeps no timers, so that an idle bucket costs nothing.
/// </summary>
internal sealed class RequestGate(int maxConcurrent, int maxPerSecond, TimeProvider timeProvider) : IDisposable
{
    // The first failures cost next to nothing, a store that is down sees one request in this time.
    private static readonly TimeSpan SlowestPace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPace = TimeSpan.FromMilliseconds(20);

    // A store that asks for more is asked again by then; the caller's own back-off is above this.
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(-1);

    private readonly SemaphoreSlim _slots = new(maxConcurrent, maxConcurrent);
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(1) / maxPerSecond;

    private readonly long _start = timeProvider.GetTimestamp();

    // Guards the four below; nothing is called under it.
    private readonly Lock _lock = new();
    private TimeSpan _next = LongAgo;
    private TimeSpan _askedUntil = LongAgo;
    private TimeSpan _pacedUntil = LongAgo;
    private int _failures;

    // Not the time of day: when that is set back by a day, nobody may wait for a day.
    private TimeSpan Now => timeProvider.GetElapsedTime(_start);

    /// <summary>Waits for a request's turn. The slot is given back by <see cref="Leave"/>.</summary>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var wait = Reserve();
            do
            {
                if (wait > TimeSpan.Zero)
                {
                    // Timers count whole milliseconds, and a wait that is cut to none would spin.
                    await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), timeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
            while (!TryPass(out wait));
        }
        catch
        {
            _slots.Release();
            throw;
        }
    }

    /// <summary>Gives the slot back after an answer of the store, whatever it said, or after a failure to get one.</summary>
    public void Leave(bool answered, TimeSpan? retryAfter)
    {
        lock (_lock)
        {
            var now = Now;
            if (answered && retryAfter is null)
            {
                _failures = 0;
                _pacedUntil = now;
            }
            else
            {
                _failures = Math.Min(_failures + 1, 16);
                _pacedUntil = now + Pace();
                if (retryAfter is { } asked && now + asked > _askedUntil)
                {
                    _askedUntil = now + (asked < LongestPause ? asked : LongestPause);
                }
            }
        }

        _slots.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    // False, and for how long, while the gate is closed: what failed meanwhile may have closed it.
    private bool TryPass(out TimeSpan wait)
    {
        lock (_lock)
        {
            var now = Now;
            wait = (_askedUntil > _pacedUntil ? _askedUntil : _pacedUntil) - now;
            if (wait > TimeSpan.Zero)
            {
                return false;
            }

            if (_failures > 1)
            {
                // One by one, until one succeeds: those who waited together must not all go at once.
                _pacedUntil = now + Pace();
            }

            return true;
        }
    }

    private TimeSpan Pace()
    {
        var pace = FirstPace * (1 << (_failures - 1));
        return (pace < SlowestPace ? pace : SlowestPace) * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    // Requests are spaced evenly once a second's worth has been used at once.
    private TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = Now;
            var earliest = now - TimeSpan.FromSeconds(1) + _interval;
            _next = (_next > earliest ? _next : earliest) + _interval;
            return _next - _interval - now;
        }
    }
}
