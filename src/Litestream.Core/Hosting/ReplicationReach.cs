using Litestream.Replication;

namespace Litestream.Hosting;

/// <summary>
/// For those who wait: has everything captured that is committed by now, and waits until replicas hold it. All who wait at once
/// share the pass and the uploads. Thread-safe.
/// </summary>
internal sealed class ReplicationReach(
    string database, DatabaseReplicator replicator, IReadOnlyList<ReplicaWorker> replicas, TimeProvider time)
{
    /// <summary>How long somebody who waits sleeps when the database cannot be read for a moment.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(200);

    private volatile bool _loopsRun;

    /// <summary>False before the host has started, around a migration say: whoever waits then does the work.</summary>
    public bool LoopsRun
    {
        get => _loopsRun;
        set => _loopsRun = value;
    }

    /// <summary>Makes every replica hold it now, or says which failed one pass of its retries.</summary>
    public Task<ReplicationPosition> SyncAsync(CancellationToken cancellationToken) =>
        ReachAsync(replicas, token => replicator.PassAsync(token), static (worker, sequence, token) => worker.SyncAsync(sequence, token), cancellationToken);

    /// <summary>Waits for every replica, through failures that may pass.</summary>
    public Task<ReplicationPosition> WaitForAllAsync(CancellationToken cancellationToken) =>
        ReachAsync(replicas, PassPatientlyAsync, WaitAsync, cancellationToken);

    /// <summary>Waits for one replica, through failures that may pass.</summary>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    public Task<ReplicationPosition> WaitForAsync(string name, CancellationToken cancellationToken)
    {
        var named = replicas.Where(replica => replica.Name == name).ToList();
        return named.Count > 0
            ? ReachAsync(named, PassPatientlyAsync, WaitAsync, cancellationToken)
            : throw new ArgumentException(
                $"The database '{database}' has no replica '{name}'. It has: {string.Join(", ", replicas.Select(replica => replica.Name))}.", nameof(name));
    }

    /// <summary>Waits for whichever replica is first. One that is faulted is left out; if all are, that is the end.</summary>
    public async Task<ReplicationPosition> WaitForAnyAsync(CancellationToken cancellationToken)
    {
        var sequence = await PassPatientlyAsync(cancellationToken).ConfigureAwait(false);
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = replicas.Select(replica => OneAsync(replica, sequence, decided.Token)).ToList();
        var failures = new List<Exception>();
        try
        {
            while (waiting.Count > 0)
            {
                var first = await Task.WhenAny(waiting).ConfigureAwait(false);
                waiting.Remove(first);
                if (first.IsCompletedSuccessfully)
                {
                    return await first.ConfigureAwait(false);
                }

                cancellationToken.ThrowIfCancellationRequested();
                failures.Add(first.Exception!.InnerException!);
            }

            throw failures.Find(failure => failure is not LitestreamException) ?? Together(failures);
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            foreach (var other in waiting)
            {
                await ((Task)other).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<ReplicationPosition> OneAsync(ReplicaWorker replica, long sequence, CancellationToken cancellationToken)
    {
        await WaitAsync(replica, sequence, cancellationToken).ConfigureAwait(false);
        return replica.Position;
    }

    /// <returns>A position that each of the replicas can be restored to exactly.</returns>
    private async Task<ReplicationPosition> ReachAsync(
        IReadOnlyList<ReplicaWorker> workers,
        Func<CancellationToken, Task<long>> capture,
        Func<ReplicaWorker, long, CancellationToken, Task> reach,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            var captured = await capture(cancellationToken).ConfigureAwait(false);
            await OnAllAsync(captured).ConfigureAwait(false);

            // A replica cannot be restored to before the image of its first snapshot, which may be ahead of what another
            // one holds. The furthest position is at or behind every such image.
            var furthest = workers.Select(worker => worker.Position).Aggregate((left, right) => right.Covers(left) ? right : left);
            if (!workers.All(worker => worker.Position.Covers(furthest)))
            {
                captured = await capture(cancellationToken).ConfigureAwait(false);
                await OnAllAsync(captured).ConfigureAwait(false);
            }

            if (workers.All(worker => worker.Position.Covers(furthest)))
            {
                return furthest;
            }
        }

        async Task OnAllAsync(long sequence)
        {
            var failures = new List<Exception>();
            await Task.WhenAll(workers.Select(async worker =>
            {
                try
                {
                    await reach(worker, sequence, cancellationToken).ConfigureAwait(false);
                    if (worker.CoveredSequence < sequence)
                    {
                        throw new ReplicaException(
                            $"Replica '{worker.Name}' of database '{database}' does not hold the last commits yet: {worker.GetStatus().LastError ?? "a new generation has to come first"}.",
                            innerException: null,
                            isTransient: true);
                    }
                }
                catch (LitestreamException exception)
                {
                    lock (failures)
                    {
                        failures.Add(exception);
                    }
                }
            })).ConfigureAwait(false);

            if (failures.Count > 0)
            {
                throw Together(failures);
            }
        }
    }

    private static ReplicaException Together(List<Exception> failures) => new(
        string.Join(Environment.NewLine, failures.Select(failure => failure.Message)),
        failures.Count == 1 ? failures[0] : new AggregateException(failures),
        failures.TrueForAll(failure => failure is LitestreamException { IsTransient: true }));

    /// <summary>Waits for one replica, through failures that may pass.</summary>
    private async Task WaitAsync(ReplicaWorker worker, long sequence, CancellationToken cancellationToken)
    {
        while (!LoopsRun && worker.CoveredSequence < sequence)
        {
            try
            {
                await worker.SyncAsync(sequence, cancellationToken).ConfigureAwait(false);
            }
            catch (ReplicaException exception) when (exception.IsTransient)
            {
            }

            if (worker.CoveredSequence < sequence)
            {
                // It failed, or a new generation has to come first, which a pass of the capture begins.
                await Task.Delay(AskAgain, time, cancellationToken).ConfigureAwait(false);
                await PassPatientlyAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await worker.WaitForAsync(sequence, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A pass, for one who waits through what may pass.</summary>
    private async Task<long> PassPatientlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await replicator.PassAsync(cancellationToken, untilCopied: true).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is LitestreamException { IsTransient: true } or IOException)
            {
                await Task.Delay(AskAgain, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
