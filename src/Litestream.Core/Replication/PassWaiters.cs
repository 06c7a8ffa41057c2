namespace Litestream.Replication;

/// <summary>Those who wait for a pass that begins after they came. Thread-safe.</summary>
internal sealed class PassWaiters
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private static readonly List<TaskCompletionSource<long>> Nobody = [];
    private List<TaskCompletionSource<long>> _waiting = [];
    private Exception? _closed;

    /// <summary>Waits for the next pass.</summary>
    /// <returns>The sequence captured at its end.</returns>
    /// <exception cref="InvalidOperationException">Nobody runs passes any more.</exception>
    public Task<long> Add()
    {
        var waiting = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
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
    public List<TaskCompletionSource<long>> Take()
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

    /// <summary>Fails those whose pass has failed.</summary>
    public static void Fail(List<TaskCompletionSource<long>> waiting, Exception reason) =>
        waiting.ForEach(waiter => waiter.TrySetException(reason));
}
