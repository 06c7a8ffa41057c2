namespace Litestream.Replication;

/// <summary>Those who wait for a pass that begins after they came. Thread-safe.</summary>
internal sealed class PassWaiters
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private static readonly List<PassWaiter> Nobody = [];
    private List<PassWaiter> _waiting = [];
    private Exception? _closed;

    /// <summary>Waits for the next pass.</summary>
    /// <param name="untilCopied">Whether it is enough that everything has been copied: a checkpoint is not waited for.</param>
    /// <returns>The sequence captured by then.</returns>
    /// <exception cref="InvalidOperationException">Nobody runs passes any more.</exception>
    public Task<long> Add(bool untilCopied = false)
    {
        var waiting = new PassWaiter(untilCopied);
        lock (_lock)
        {
            if (_closed is not null)
            {
                throw _closed;
            }

            _waiting.Add(waiting);
        }

        return waiting.Task;
    }

    /// <summary>Those who came so far, for the pass that begins now.</summary>
    public List<PassWaiter> Take()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return Nobody;
            }

            var waiting = _waiting;
            _waiting = [];
            return waiting;
        }
    }

    /// <summary>Fails everybody who waits, and everybody who comes.</summary>
    public void Close(Exception reason)
    {
        lock (_lock)
        {
            _closed ??= reason;
        }

        Fail(Take(), reason);
    }

    /// <summary>Serves those who wait for no more than the copy.</summary>
    public static void Copied(List<PassWaiter> waiting, long sequence)
    {
        foreach (var waiter in waiting)
        {
            if (waiter.UntilCopied)
            {
                waiter.TrySetResult(sequence);
            }
        }
    }

    /// <summary>Fails those whose pass has failed.</summary>
    public static void Fail(List<PassWaiter> waiting, Exception reason) =>
        waiting.ForEach(waiter => waiter.TrySetException(reason));
}
