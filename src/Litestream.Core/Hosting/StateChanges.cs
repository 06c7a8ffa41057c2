using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// Tells the application's handlers of changes of state: in order, one at a time, on a thread of the pool, so that
/// neither their time nor their exceptions are the replication's. Thread-safe.
/// </summary>
internal sealed class StateChanges(ILogger logger)
{
    /// <summary>A handler that is this far behind does not keep up, and what is older is of no use for an alert.</summary>
    private const int MaxPending = 256;

    private readonly Lock _lock = new(); // guards the fields below; handlers are called outside
    private readonly Queue<ReplicationStateChangedEventArgs> _pending = new();
    private object? _sender;
    private bool _telling;
    private int _lost;

    /// <summary>The handlers.</summary>
    public event EventHandler<ReplicationStateChangedEventArgs>? Changed;

    /// <summary>Who the handlers are told it is from.</summary>
    public void From(object sender) => _sender = sender;

    /// <summary>Something changed. Returns at once.</summary>
    public void Raise(ReplicationStateChangedEventArgs change)
    {
        if (Changed is null)
        {
            return;
        }

        lock (_lock)
        {
            if (_pending.Count == MaxPending)
            {
                _pending.Dequeue();
                _lost++;
            }

            _pending.Enqueue(change);
            if (_telling)
            {
                return;
            }

            _telling = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static changes => changes.Tell(), this, preferLocal: false);
    }

    private void Tell()
    {
        while (true)
        {
            ReplicationStateChangedEventArgs? change;
            int lost;
            lock (_lock)
            {
                (lost, _lost) = (_lost, 0);
                if (!_pending.TryDequeue(out change))
                {
                    _telling = false;
                    return;
                }
            }

            if (lost > 0)
            {
                Say(() => Log.StateChangesLost(logger, lost));
            }

            foreach (var handler in Changed?.GetInvocationList() ?? [])
            {
                Call((EventHandler<ReplicationStateChangedEventArgs>)handler, change);
            }
        }
    }

    private void Call(EventHandler<ReplicationStateChangedEventArgs> handler, ReplicationStateChangedEventArgs change)
    {
        try
        {
            handler(_sender, change);
        }
        catch (Exception exception)
        {
            // The application's own failure: said, and of no consequence for the others.
            Say(() => Log.StateHandlerFailed(logger, change.DatabaseName, change.State, exception));
        }
    }

    // What escapes from a thread of the pool ends the process.
    private static void Say(Action log)
    {
        try
        {
            log();
        }
        catch (Exception)
        {
            // The logger has failed too. The handlers are told all the same.
        }
    }
}
