namespace Litestream.Hosting;

/// <summary>
/// Who may do what at a time: a change of the host's stage alone, changes of single databases beside each other. Whoever
/// changes the stage waits for those that are under way, and those who come later wait for him. Thread-safe.
/// </summary>
#pragma warning disable CA1001 // A semaphore without a wait handle holds nothing, and whoever comes late must still find it.
internal sealed class HostTurns
#pragma warning restore CA1001
{
    // Held by whoever changes the stage, and for a moment by those who begin a change of a database.
    private readonly SemaphoreSlim _stage = new(1, 1);
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private int _changes;
    private TaskCompletionSource? _none;

    /// <summary>The right to change one database, given back when disposed.</summary>
    public async Task<IDisposable> TakeForDatabaseAsync(CancellationToken cancellationToken)
    {
        await _stage.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _changes++;
        }

        _stage.Release();
        return new Turn(EndChange);
    }

    /// <summary>The right to change the stage, given back when disposed.</summary>
    /// <param name="underWay">
    /// Waits for the changes of databases that are under way, its task. May give up: what then goes on has to see for itself
    /// that the stage is another one.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IDisposable> TakeForStageAsync(Func<Task, Task> underWay, CancellationToken cancellationToken)
    {
        await _stage.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await underWay(NoneUnderWay()).ConfigureAwait(false);
            return new Turn(() => _stage.Release());
        }
        catch
        {
            _stage.Release();
            throw;
        }
    }

    private Task NoneUnderWay()
    {
        lock (_lock)
        {
            return _changes == 0
                ? Task.CompletedTask
                : (_none ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void EndChange()
    {
        TaskCompletionSource? none = null;
        lock (_lock)
        {
            if (--_changes == 0)
            {
                (none, _none) = (_none, null);
            }
        }

        none?.SetResult();
    }

    private sealed class Turn(Action end) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
            {
                end();
            }
        }
    }
}
