using Litestream.Replication;

namespace Litestream.Hosting;

/// <summary>A snapshot on demand: what is committed is captured, then each replica asked for takes one. Thread-safe.</summary>
internal sealed class SnapshotDemand(string database, DatabaseReplicator replicator, IReadOnlyList<ReplicaWorker> workers)
{
    /// <inheritdoc cref="ILitestreamDatabase.SnapshotAsync"/>
    public async Task RunAsync(string? replica, CancellationToken cancellationToken)
    {
        var asked = workers.Where(worker => replica is null || worker.Name == replica).ToArray();
        if (asked.Length == 0)
        {
            throw new ArgumentException(
                $"The database '{database}' has no replica '{replica}'. It has: {string.Join(", ", workers.Select(worker => worker.Name))}.",
                nameof(replica));
        }

        await replicator.PassAsync(cancellationToken).ConfigureAwait(false);
        var failures = await Task.WhenAll(asked.Select(worker => TryAsync(worker, cancellationToken))).ConfigureAwait(false);
        var failed = failures.OfType<LitestreamException>().ToArray();
        if (failed.Length > 0)
        {
            throw new ReplicaException(
                string.Join(Environment.NewLine, failed.Select(failure => failure.Message)),
                failed.Length == 1 ? failed[0] : new AggregateException(failed),
                Array.TrueForAll(failed, failure => failure.IsTransient));
        }
    }

    private async Task<LitestreamException?> TryAsync(ReplicaWorker worker, CancellationToken cancellationToken)
    {
        try
        {
            await worker.SnapshotAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (LitestreamException exception)
        {
            return exception;
        }
        catch (IOException exception)
        {
            return new ReplicaException(
                $"Replica '{worker.Name}' of database '{database}' got no snapshot: {exception.Message}", exception, isTransient: true);
        }
    }
}
