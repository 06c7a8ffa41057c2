using System.Diagnostics;
using Litestream.Sqlite;

namespace Litestream.Replication;

/// <summary>One registration at the <see cref="WalWatcher"/>: what it saw last, and when it looks next.</summary>
internal sealed class WatchedWal : IDisposable
{
    /// <summary>
    /// How long after a change it goes on looking every millisecond: some commits' worth of time even at ten a second,
    /// and too short to be felt when they come one in a minute.
    /// </summary>
    private static readonly long ActiveTicks = Stopwatch.Frequency / 4;

    private static readonly long FastestTicks = Stopwatch.Frequency / 1000;

    /// <summary>A header that stays torn for so many looks was left by a killed writer; whoever copies begins a read, which repairs it.</summary>
    private const int PatienceWithTornHeader = 20;

    private readonly WalWatcher _watcher;
    private readonly nint _pointer;
    private readonly long _idleTicks;
    private WalIndexGlance? _last;
    private long _lastChange;
    private long _interval = FastestTicks;
    private int _torn;

    public WatchedWal(WalWatcher watcher, nint pointer, TimeSpan idleInterval, Action onChanged)
    {
        _watcher = watcher;
        _pointer = pointer;
        _idleTicks = Math.Max(FastestTicks, (long)(Math.Min(idleInterval.TotalSeconds, 3600) * Stopwatch.Frequency));
        OnChanged = onChanged;
    }

    public Action OnChanged { get; }

    /// <summary>When to look again, in the stopwatch's ticks.</summary>
    public long NextLook { get; private set; }

    /// <summary>Looks, and sets the time of the next look.</summary>
    /// <returns>True if something has changed.</returns>
    public bool Look(long now)
    {
        var sound = WalIndexGlance.TryTake(_pointer, out var glance);
        _torn = sound ? 0 : _torn + 1;
        var changed = (sound && glance != _last) || _torn == PatienceWithTornHeader;
        if (changed)
        {
            _last = sound ? glance : null;
            _lastChange = now;
            _interval = FastestTicks;
        }
        else if (now - _lastChange > ActiveTicks)
        {
            _interval = Math.Min(_interval * 2, _idleTicks);
        }

        // On a common grid, so that a thousand idle databases share one waking of the thread instead of having one each.
        NextLook = ((now / _interval) + 1) * _interval;
        return changed;
    }

    public void Dispose() => _watcher.Remove(this);
}
