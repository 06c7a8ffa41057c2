using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>Has the database's file exchanged while nothing of ours has it open.</summary>
internal sealed class CaptureExchange(
    SemaphoreSlim gate, CaptureSession session, WalWatch watch, MetaDirectory meta, Func<bool> isStopped)
{
    /// <summary>
    /// Lets go of the database and has <paramref name="exchange"/> done. No pass runs and no image is taken meanwhile.
    /// </summary>
    /// <param name="exchange">
    /// Given what forgets the generation, to be called before anything is changed. If it throws before that, the next
    /// opening goes on where this one stopped.
    /// </param>
    /// <param name="cancellationToken">Gives up before it has begun.</param>
    /// <exception cref="InvalidOperationException">Another process replicates the database, or nobody any more.</exception>
    public async Task RunAsync(Func<Action, Task> exchange, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (isStopped())
            {
                // The lock is let go of. Taken again now, it would be held until the process ends.
                throw new InvalidOperationException("The replication of the database was stopped; it was left as it is.");
            }

            if (!session.TryLock())
            {
                throw new InvalidOperationException("Another process replicates the database; only that one can restore it in place.");
            }

            // Its pointers lead into the wal-index, which closes with the connections.
            watch.Dispose();
            session.LetGo();
            await exchange(Forget).ConfigureAwait(false);
            session.Restored();
        }
        finally
        {
            gate.Release();
        }
    }

    // Whatever happens from here on, another generation begins.
    private void Forget()
    {
        meta.DeleteState();
        AtomicFile.SyncDirectory(meta.Path);
    }
}
