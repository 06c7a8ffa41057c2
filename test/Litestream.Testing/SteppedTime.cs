using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Testing;

/// <summary>
/// A clock that stands still until the code under test waits for it, and then moves exactly to what it waits for. However
/// slow the machine, a delay of four seconds takes four seconds of this clock. Thread-safe.
/// </summary>
/// <remarks>
/// A timer of <paramref name="ignoreFrom"/> or more is taken for the time-out of a call that is going on, and not for a wait:
/// nobody moves the clock there but <see cref="FakeTimeProvider.Advance"/>.
/// </remarks>
public sealed class SteppedTime(DateTimeOffset start, TimeSpan ignoreFrom) : FakeTimeProvider(start)
{
    /// <summary>In real time: how long a test waits for the code under test before it says that this will not happen.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // In real time: where nobody waits anew for so long, those who waited before are served.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new(); // guards _pending and _steps; no callback runs under it
    private readonly Dictionary<SteppedTimer, Wait> _pending = [];
    private long _steps;

    /// <summary>Runs the clock on, from wait to wait, until the condition holds.</summary>
    public async Task RunUntilAsync(Func<bool> condition, string because = "it must happen in the end")
    {
        ArgumentNullException.ThrowIfNull(condition);
        var quietSince = Stopwatch.StartNew();
        for (var patience = Stopwatch.StartNew(); !condition();)
        {
            if (patience.Elapsed > Patience)
            {
                throw new TimeoutException($"Not within {Patience} of real time: {because}.");
            }

            if (TryStep(alsoOld: quietSince.Elapsed > Quiet))
            {
                quietSince.Restart();
            }
            else
            {
                await Task.Delay(1);
            }
        }
    }

    /// <summary>Waits until somebody waits for this clock, and moves it to that moment.</summary>
    public async Task StepAsync()
    {
        var stepped = false;
        await RunUntilAsync(() => stepped || (stepped = TryStep(alsoOld: true)), "somebody has to wait for the clock");
    }

    // What woke up at the last step is running, and is not overtaken by a wait that was there before, unless that is all there is.
    private bool TryStep(bool alsoOld)
    {
        DateTimeOffset next;
        lock (_lock)
        {
            var waits = _pending.Where(pending => alsoOld || pending.Value.Since == _steps).ToList();
            if (waits.Count == 0)
            {
                return false;
            }

            next = waits.Min(wait => wait.Value.Until);
            foreach (var (timer, _) in waits.Where(wait => wait.Value.Until == next))
            {
                _pending.Remove(timer);
            }

            _steps++;
        }

        if (next > GetUtcNow())
        {
            Advance(next - GetUtcNow());
        }

        return true;
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SteppedTimer(this);
        timer.Inner = base.CreateTimer(callback, state, dueTime, period);
        Set(timer, dueTime);
        return timer;
    }

    private void Set(SteppedTimer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            if (dueTime < TimeSpan.Zero || dueTime >= ignoreFrom)
            {
                _pending.Remove(timer);
            }
            else
            {
                _pending[timer] = new Wait(GetUtcNow() + dueTime, _steps);
            }
        }
    }

    private void Forget(SteppedTimer timer)
    {
        lock (_lock)
        {
            _pending.Remove(timer);
        }
    }

    private sealed class SteppedTimer(SteppedTime time) : ITimer
    {
        public ITimer? Inner { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Set(this, dueTime);
            return Inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            time.Forget(this);
            Inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private readonly record struct Wait(DateTimeOffset Until, long Since);
}
