using System.Diagnostics;

namespace Litestream.Replication;

/// <summary>
/// The one thread of the process that notices commits: it compares the WAL-index header of every open database, in
/// memory, with what it saw last. Never file sizes or times: neither changes when a WAL restarts and is overwritten in
/// place, and file events come before the commit is visible. Thread-safe.
/// </summary>
internal sealed class WalWatcher : IWalWatcher, IDisposable
{
    private static readonly TimeSpan DefaultLinger = TimeSpan.FromSeconds(10);

    // Guards the fields below and every read of a WAL-index: while a pass reads, no registration can end. No other lock
    // is taken inside, and callbacks run outside.
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _signal = new(false);
    private readonly TimeSpan _linger;
    private WatchedWal[] _watched = [];
    private Thread? _thread;
    private bool _disposed;
    private bool _lookAtAll;
    private long _passes;

    // Used by the thread alone; as long as _watched, so that a pass allocates nothing.
    private WatchedWal?[] _changed = [];

    /// <summary>Creates a watcher; its thread begins with the first registration.</summary>
    /// <param name="linger">How long the thread waits for another registration when there is none left.</param>
    internal WalWatcher(TimeSpan linger) => _linger = linger;

    /// <summary>The process's own watcher.</summary>
    public static WalWatcher Shared { get; } = new(DefaultLinger);

    /// <summary>True while the thread is alive.</summary>
    internal bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _thread is not null;
            }
        }
    }

    /// <summary>How many times all due databases were looked at.</summary>
    internal long Passes => Volatile.Read(ref _passes);

    /// <summary>How many callbacks threw, which they must not.</summary>
    internal long FailedCallbacks { get; private set; }

    /// <inheritdoc/>
    public IDisposable Watch(nint walIndexPointer, TimeSpan idleInterval, Action onChanged)
    {
        ArgumentOutOfRangeException.ThrowIfZero(walIndexPointer);
        ArgumentNullException.ThrowIfNull(onChanged);
        var entry = new WatchedWal(this, walIndexPointer, idleInterval, onChanged);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _watched = [.. _watched, entry];
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "Litestream WAL watcher" };
                _thread.UnsafeStart();
            }
        }

        _signal.Set();
        return entry;
    }

    /// <inheritdoc/>
    public void Wake()
    {
        Volatile.Write(ref _lookAtAll, true);
        _signal.Set();
    }

    /// <summary>Ends the thread; nothing is watched any more.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_gate)
        {
            _disposed = true;
            _watched = [];
            thread = _thread;
        }

        _signal.Set();
        if (thread is not null && thread != Thread.CurrentThread)
        {
            thread.Join();
        }

        _signal.Dispose();
    }

    internal void Remove(WatchedWal entry)
    {
        // Waits for the pass that is under way, by the lock.
        lock (_gate)
        {
            _watched = Array.FindAll(_watched, e => e != entry);
        }
    }

    private void Run()
    {
        while (true)
        {
            int changed;
            TimeSpan wait;
            lock (_gate)
            {
                changed = Pass(out wait);
            }

            for (var i = 0; i < changed; i++)
            {
                Notify(_changed[i]!);
                _changed[i] = null;
            }

            if (!_signal.WaitOne(wait) && MayEnd())
            {
                return;
            }
        }
    }

    private bool MayEnd()
    {
        lock (_gate)
        {
            if (_watched.Length > 0)
            {
                return false;
            }

            _thread = null;
            return true;
        }
    }

    private int Pass(out TimeSpan wait)
    {
        Volatile.Write(ref _passes, _passes + 1);
        if (_changed.Length < _watched.Length)
        {
            _changed = new WatchedWal?[_watched.Length];
        }

        var all = Volatile.Read(ref _lookAtAll) && Interlocked.Exchange(ref _lookAtAll, false);
        var now = Stopwatch.GetTimestamp();
        var next = long.MaxValue;
        var changed = 0;
        foreach (var entry in _watched)
        {
            if ((all || entry.NextLook <= now) && entry.Look(now))
            {
                _changed[changed++] = entry;
            }

            next = Math.Min(next, entry.NextLook);
        }

        wait = _disposed ? TimeSpan.Zero
            : _watched.Length == 0 ? _linger
            : TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(Stopwatch.GetElapsedTime(now, next).TotalMilliseconds)));
        return changed;
    }

    private void Notify(WatchedWal entry)
    {
        try
        {
            entry.OnChanged();
        }
        catch (Exception)
        {
            // The other databases' thread must not end for it, and the process even less.
            FailedCallbacks++;
        }
    }
}
