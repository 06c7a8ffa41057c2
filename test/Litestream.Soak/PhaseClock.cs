namespace Litestream.Soak;

/// <summary>Says which phase it is, to all who make load, and knows when the last of them has stopped. Thread-safe.</summary>
internal sealed class PhaseClock
{
    private readonly Lock _lock = new();
    private int _busy;
    private (Phase Phase, int Cycle) _current = (Phase.Idle, 0);

    public (Phase Phase, int Cycle) Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    public void Begin(Phase phase, int cycle)
    {
        lock (_lock)
        {
            _current = (phase, cycle);
        }
    }

    /// <summary>Somebody makes load until this is disposed.</summary>
    public IDisposable Busy()
    {
        lock (_lock)
        {
            _busy++;
        }

        return new Lease(this);
    }

    /// <summary>Waits until nobody makes load.</summary>
    public async Task QuietAsync(TimeSpan timeout)
    {
        using var end = new CancellationTokenSource(timeout);
        while (true)
        {
            lock (_lock)
            {
                if (_busy == 0)
                {
                    return;
                }
            }

            await Task.Delay(10, end.Token);
        }
    }

    private sealed class Lease(PhaseClock clock) : IDisposable
    {
        public void Dispose()
        {
            lock (clock._lock)
            {
                clock._busy--;
            }
        }
    }
}
