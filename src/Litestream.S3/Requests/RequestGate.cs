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

    private readonly SemaphoreSlim _slots = new(maxConcurrent, maxConcurrent);
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(1) / maxPerSecond;

    // Guards the three below; nothing is called under it.
    private readonly Lock _lock = new();
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _closedUntil = DateTimeOffset.MinValue;
    private int _failures;

    /// <summary>Waits for a request's turn. The slot is given back by <see cref="Leave"/>.</summary>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var wait = Reserve();
            while (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, timeProvider, cancellationToken).ConfigureAwait(false);

                // What failed meanwhile may have closed the gate again.
                wait = UntilOpen();
            }
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
            var now = timeProvider.GetUtcNow();
            if (answered && retryAfter is null)
            {
                _failures = 0;
            }
            else
            {
                _failures = Math.Min(_failures + 1, 16);
                var pace = FirstPace * (1 << (_failures - 1));
                var pause = (pace < SlowestPace ? pace : SlowestPace) * (0.5 + (Random.Shared.NextDouble() / 2));
                if (retryAfter is { } asked && asked > pause)
                {
                    pause = asked < LongestPause ? asked : LongestPause;
                }

                _closedUntil = now + pause > _closedUntil ? now + pause : _closedUntil;
            }
        }

        _slots.Release();
    }

    /// <inheritdoc/>
    public void Dispose() => _slots.Dispose();

    private TimeSpan UntilOpen()
    {
        lock (_lock)
        {
            return _closedUntil - timeProvider.GetUtcNow();
        }
    }

    // Requests are spaced evenly once a second's worth has been used at once.
    private TimeSpan Reserve()
    {
        lock (_lock)
        {
            var now = timeProvider.GetUtcNow();
            var earliest = now - TimeSpan.FromSeconds(1) + _interval;
            _next = (_next > earliest ? _next : earliest) + _interval;
            var begin = _next - _interval;
            begin = begin > _closedUntil ? begin : _closedUntil;
            return begin - now;
        }
    }
}
