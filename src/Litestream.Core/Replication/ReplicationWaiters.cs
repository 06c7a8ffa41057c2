namespace Litestream.Replication;

/// <summary>
/// Those who wait until a replica holds what had been captured when they asked. They wait for a sequence and not for a
/// position, so that a change of generation strands nobody. Thread-safe.
/// </summary>
internal sealed class ReplicationWaiters
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly List<Waiter> _waiters = [];
    private long _covered = -1;
    private long _pass;
    private Exception? _closed;
    private Exception? _fault;

    /// <summary>Everything captured up to this sequence is restorable from the replica; -1 before anything is.</summary>
    public long Covered
    {
        get
        {
            lock (_lock)
            {
                return _covered;
            }
        }
    }

    /// <summary>True if somebody came after the last pass had begun: an upload now serves them.</summary>
    public bool AnySinceLastPass
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Exists(waiter => waiter.Pass == _pass);
            }
        }
    }

    /// <summary>True if somebody came after the last pass had begun who wants one attempt at any rate, back-off or not.</summary>
    public bool AnyForOnePassSinceLastPass
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Exists(waiter => waiter.OnePass && waiter.Pass == _pass);
            }
        }
    }

    /// <summary>True if anybody waits.</summary>
    public bool Any
    {
        get
        {
            lock (_lock)
            {
                return _waiters.Count > 0;
            }
        }
    }

    /// <summary>Waits until <paramref name="sequence"/> is covered.</summary>
    /// <param name="sequence">What is waited for.</param>
    /// <param name="onePass">
    /// True to fail with the first pass that began after this call and failed; false to wait through failures that may
    /// pass, and to fail only while the replica is faulted.
    /// </param>
    /// <param name="registered">Called once the waiter is known, so that the loop can be woken.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task WaitAsync(long sequence, bool onePass, Action registered, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_covered >= sequence)
            {
                return;
            }

            if ((_closed ?? (onePass ? null : _fault)) is { } failure)
            {
                throw failure;
            }

            waiter = new Waiter(sequence, onePass, _pass);
            _waiters.Add(waiter);
        }

        try
        {
            registered();
            await waiter.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    /// <summary>A pass begins: whoever comes from here on is served by the next.</summary>
    public void PassBegins()
    {
        lock (_lock)
        {
            _pass++;
        }
    }

    /// <summary>Everything up to <paramref name="sequence"/> is covered.</summary>
    public void Cover(long sequence)
    {
        List<Waiter>? done = null;
        lock (_lock)
        {
            if (sequence <= _covered)
            {
                return;
            }

            _covered = sequence;

            // An upload went through: whoever comes now need not hear of the fault before it.
            _fault = null;
            done = Take(waiter => waiter.Sequence <= sequence);
        }

        done?.ForEach(waiter => waiter.Done.TrySetResult());
    }

    /// <summary>The pass in progress has gone through: no fault stands in the way of new waiters.</summary>
    public void PassSucceeded()
    {
        lock (_lock)
        {
            _fault = null;
        }
    }

    /// <summary>The pass in progress failed.</summary>
    /// <param name="failure">What those get who do not wait any longer.</param>
    /// <param name="faulted">True if waiting is of no use until somebody has looked at it.</param>
    public void PassFailed(Exception failure, bool faulted)
    {
        List<Waiter>? failed;
        lock (_lock)
        {
            _fault = faulted ? failure : null;
            failed = Take(waiter => waiter.OnePass ? waiter.Pass < _pass : faulted);
        }

        failed?.ForEach(waiter => waiter.Done.TrySetException(failure));
    }

    /// <summary>Nothing will be uploaded any more: fails everybody who still waits, and everybody who comes.</summary>
    public void Close(Exception reason)
    {
        List<Waiter>? failed;
        lock (_lock)
        {
            _closed ??= reason;
            failed = Take(_ => true);
        }

        failed?.ForEach(waiter => waiter.Done.TrySetException(reason));
    }

    private List<Waiter>? Take(Predicate<Waiter> which)
    {
        var taken = _waiters.FindAll(which);
        if (taken.Count == 0)
        {
            return null;
        }

        _waiters.RemoveAll(which);
        return taken;
    }

    private sealed class Waiter(long sequence, bool onePass, long pass)
    {
        public long Sequence { get; } = sequence;

        public bool OnePass { get; } = onePass;

        /// <summary>The number of the last pass that had begun when it came.</summary>
        public long Pass { get; } = pass;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
