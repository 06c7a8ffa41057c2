namespace Litestream.Replication;

/// <summary>
/// Wakes one waiting loop. Setting it any number of times before the loop looks counts once, setting it while nobody
/// waits is kept, and neither allocates: an idle database costs nothing.
/// </summary>
/// <remarks>Any thread may set it; one loop waits.</remarks>
/// <param name="thread">Where the loop goes on; null for the pool.</param>
internal sealed class PositionSignal(PassThread? thread = null)
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private TaskCompletionSource? _waiting;
    private bool _waitingUrgentOnly;
    private bool _moved;
    private bool _urgent;

    /// <summary>Something was captured: ends a wait that is not for urgent matters only.</summary>
    public void Moved() => Set(urgent: false);

    /// <summary>Somebody waits for the loop: ends every wait.</summary>
    public void Urgent() => Set(urgent: true);

    /// <summary>Returns when the signal is set or the time is over. The caller looks for itself what there is to do.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task WaitAsync(TimeSpan timeout, bool urgentOnly, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        Task waiting;
        lock (_lock)
        {
            if (_urgent || (_moved && !urgentOnly))
            {
                _urgent = _moved = false;
                return;
            }

            _waiting = new TaskCompletionSource(thread is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
            _waitingUrgentOnly = urgentOnly;
            waiting = _waiting.Task;
        }

        // A wait that simply ends is the usual case at every interval and is not worth a thrown exception.
        await waiting.WaitAsync(WholeMilliseconds(timeout), timeProvider, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
        {
            _waiting = null;
            _urgent = _moved = false;
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Timers cut off what is less than a millisecond: the caller would wake too early, and wait for nothing until it is time.</summary>
    private static TimeSpan WholeMilliseconds(TimeSpan timeout) =>
        timeout <= TimeSpan.Zero ? timeout : TimeSpan.FromMilliseconds(Math.Ceiling(timeout.TotalMilliseconds));

    private void Set(bool urgent)
    {
        TaskCompletionSource? waiting = null;
        lock (_lock)
        {
            _urgent |= urgent;
            _moved = true;
            if (urgent || !_waitingUrgentOnly)
            {
                waiting = _waiting;
            }
        }

        if (waiting is null)
        {
            return;
        }

        if (thread is null)
        {
            waiting.TrySetResult();
        }
        else
        {
            thread.Complete(waiting);
        }
    }
}
