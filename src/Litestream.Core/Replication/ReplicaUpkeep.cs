using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// The loop beside that of the segments: what a replica needs over time. One thing after another, none of which holds up
/// what is committed.
/// </summary>
/// <remarks>
/// Thread-safe. <see cref="RunAsync"/> never ends by itself and throws nothing; each round can be run by itself with
/// <see cref="RunOnceAsync"/>. While nothing is due there are no requests and nothing is allocated.
/// </remarks>
internal sealed class ReplicaUpkeep(
    PeriodicSnapshots snapshots, string database, string replica, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly PositionSignal _signal = new();
    private readonly UpkeepStatus _status = new();
    private int _snapshotFailures;

    /// <summary>What the status of the replica says of it.</summary>
    public UpkeepStatus Status => _status;

    /// <summary>Something was captured, or is on the replica now.</summary>
    public void Moved() => _signal.Moved();

    /// <summary>The loop. Returns when the token is cancelled, and throws nothing.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var due = UntilDue(out var urgentOnly);
                if (due == TimeSpan.Zero)
                {
                    await RunOnceAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await _signal.WaitAsync(due, urgentOnly, time, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to.
        }
    }

    /// <summary>Does what is due. A failure is recorded and does not keep the rest from being done.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await GuardAsync(() => SnapshotAsync(demanded: false, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a snapshot now, unless the index in use has one.</summary>
    /// <exception cref="LitestreamException">It could not be taken or uploaded.</exception>
    /// <exception cref="InvalidOperationException">The worker has been disposed.</exception>
    public async Task SnapshotAsync(CancellationToken cancellationToken)
    {
        try
        {
            await SnapshotAsync(demanded: true, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Replication of database '{database}' to replica '{replica}' has stopped.");
        }
    }

    public void Dispose() => snapshots.Dispose();

    private TimeSpan UntilDue(out bool urgentOnly)
    {
        var due = snapshots.UntilDue();

        // What waits for the clock is not brought forward by a commit.
        urgentOnly = due != Timeout.InfiniteTimeSpan;
        return due;
    }

    private async Task SnapshotAsync(bool demanded, CancellationToken cancellationToken)
    {
        try
        {
            if (await snapshots.RunOnceAsync(demanded, cancellationToken).ConfigureAwait(false) is null && demanded)
            {
                Log.SnapshotNotNeeded(logger, replica, database);
            }

            _snapshotFailures = 0;
            _status.Mended(UpkeepStatus.Concern.Snapshot);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !(cancellationToken.IsCancellationRequested || snapshots.IsClosed))
        {
            _status.Troubled(UpkeepStatus.Concern.Snapshot, $"No new snapshot: {exception.Message}");
            if (++_snapshotFailures == 1)
            {
                Log.SnapshotFailed(logger, exception, replica, database, exception.Message);
            }
            else
            {
                Log.SnapshotStillFailing(logger, replica, database, _snapshotFailures, exception.Message);
            }

            throw;
        }
    }

    private static async Task GuardAsync(Func<Task> run, CancellationToken cancellationToken)
    {
        try
        {
            await run().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Recorded where it happened; the delay before the next attempt comes from there.
        }
    }
}
