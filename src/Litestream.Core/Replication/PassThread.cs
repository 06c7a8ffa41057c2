namespace Litestream.Replication;

/// <summary>
/// The thread on which loops go on that a commit wakes. The pool would do, but its threads spin for a while after each piece
/// of work before they sleep, which at two hundred commits a second takes more of the processor than the passes, and takes
/// it from the application. Whoever comes while it is at work goes on in the pool, so that nobody waits here for another.
/// Thread-safe.
/// </summary>
/// <param name="linger">How long the thread waits for more before it ends.</param>
internal sealed class PassThread(TimeSpan linger)
{
    private readonly object _monitor = new(); // guards the fields below, and is pulsed for the thread; taken alone
    private TaskCompletionSource? _next;
    private bool _isStarted;
    private bool _isTaken;

    /// <summary>The process's own.</summary>
    public static PassThread Shared { get; } = new(TimeSpan.FromSeconds(10));

    /// <summary>Ends a wait; what waited goes on in this thread, or in the pool.</summary>
    /// <param name="waiting">Made without <see cref="TaskCreationOptions.RunContinuationsAsynchronously"/>.</param>
    public void Complete(TaskCompletionSource waiting)
    {
        if (!TryTake(waiting))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static one => one.TrySetResult(), waiting, preferLocal: false);
        }
    }

    private bool TryTake(TaskCompletionSource waiting)
    {
        lock (_monitor)
        {
            if (_isTaken || !(_isStarted || TryStart()))
            {
                return false;
            }

            (_next, _isTaken) = (waiting, true);
            Monitor.Pulse(_monitor);
            return true;
        }
    }

    private bool TryStart()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = "Litestream passes" }.UnsafeStart();
            return _isStarted = true;
        }
        catch (OutOfMemoryException)
        {
            // What .NET says where there is no handle or memory for a thread. The pool has some.
            return false;
        }
    }

    private void Run()
    {
        while (TakeNext() is { } next)
        {
            next.TrySetResult();
            lock (_monitor)
            {
                _isTaken = false;
            }
        }
    }

    private TaskCompletionSource? TakeNext()
    {
        lock (_monitor)
        {
            while (_next is null)
            {
                if (!Monitor.Wait(_monitor, linger) && _next is null)
                {
                    _isStarted = false;
                    return null;
                }
            }

            (var next, _next) = (_next, null);
            return next;
        }
    }
}
