namespace Litestream.Replication;

/// <summary>
/// The registration of one database with the watcher, moved along when its wal-index is mapped elsewhere. Used under the
/// database's gate.
/// </summary>
internal sealed class WalWatch(IWalWatcher watcher, TimeSpan idleInterval, Action onChanged) : IDisposable
{
    private TimeSpan _idleInterval = idleInterval;
    private IDisposable? _registration;
    private nint _pointer;

    /// <summary>Watches this wal-index from now on.</summary>
    public void MoveTo(nint pointer)
    {
        if (pointer == _pointer)
        {
            return;
        }

        Dispose();
        if (pointer != 0)
        {
            _registration = watcher.Watch(pointer, _idleInterval, onChanged);
            _pointer = pointer;
        }
    }

    /// <summary>Looks at this pace from now on.</summary>
    public void ChangePace(TimeSpan idleInterval)
    {
        if (_idleInterval != idleInterval)
        {
            var pointer = _pointer;
            _idleInterval = idleInterval;
            Dispose();
            MoveTo(pointer);
        }
    }

    /// <summary>Before a connection closes: once this returns, nobody reads its wal-index any more.</summary>
    public void Dispose()
    {
        _registration?.Dispose();
        _registration = null;
        _pointer = 0;
    }
}
