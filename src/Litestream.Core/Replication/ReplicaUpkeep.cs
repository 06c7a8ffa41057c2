using Litestream.Diagnostics;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// The loop beside that of the segments: what a replica needs over time. Snapshots, retention, and a look whether it still
/// holds what it should; one after another, and none of them holds up what is committed.
/// </summary>
/// <remarks>
/// Thread-safe. <see cref="RunAsync"/> never ends by itself and throws nothing; each round can be run by itself with
/// <see cref="RunOnceAsync"/>. While nothing is due there are no requests and nothing is allocated.
/// </remarks>
internal sealed class ReplicaUpkeep(
    PeriodicSnapshots snapshots,
    ReplicaRetention retention,
    ReplicaInspector inspector,
    OtherWriters others,
    InspectionSchedule inspections,
    ReplicaStanding standing,
    string database,
    string replica,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private readonly PositionSignal _signal = new();
    private readonly SemaphoreSlim _inspecting = new(1, 1); // one look at a time: from here, or from a pass
    private readonly UpkeepStatus _status = new();

    /// <summary>What the status of the replica says of it.</summary>
    public UpkeepStatus Status => _status;

    /// <summary>Where snapshots are reported.</summary>
    public DatabaseTelemetry Telemetry
    {
        get => snapshots.Telemetry;
        set => snapshots.Telemetry = value;
    }

    /// <summary>Something was captured.</summary>
    public void HeadChanged(ReplicationPosition head)
    {
        snapshots.HeadChanged(head);
        _signal.Moved();
    }

    /// <summary>Something is on the replica that was not there before.</summary>
    public void Moved() => _signal.Moved();

    /// <summary>Something else may be due now than before.</summary>
    public void Changed()
    {
        retention.Changed();
        _signal.Urgent();
    }

    /// <summary>The loop. Returns when the token is cancelled, and throws nothing.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        System.Diagnostics.Activity.Current = null; // whoever started the loop is not the parent of all that it will ever do
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
        if (snapshots.UntilDue() == TimeSpan.Zero)
        {
            await GuardAsync(TakeSnapshotAsync(demanded: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (retention.UntilDue() == TimeSpan.Zero)
        {
            await GuardAsync(RetainAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (UntilInspection() == TimeSpan.Zero)
        {
            await GuardAsync(InspectAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (UntilWatch() == TimeSpan.Zero)
        {
            await GuardAsync(InspectAsync(AnyNewAsync, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a snapshot now, unless the index in use has one.</summary>
    /// <exception cref="LitestreamException">It could not be taken or uploaded.</exception>
    /// <exception cref="InvalidOperationException">The worker has been disposed.</exception>
    public async Task SnapshotAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TakeSnapshotAsync(demanded: true, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"Replication of database '{database}' to replica '{replica}' has stopped.");
        }
    }

    /// <summary>Looks at the replica before the first upload after a start or a long pause, unless that has just been done.</summary>
    /// <exception cref="ReplicaException">It could not be listed.</exception>
    public Task InspectBeforeUploadAsync(CancellationToken cancellationToken) =>
        InspectAsync(_ => Task.FromResult(inspections.IsDueBeforeUpload), cancellationToken);

    public void Dispose() => snapshots.Dispose();

    private Task<ReplicaInventory?> InspectAsync(CancellationToken cancellationToken) =>
        InspectAsync(static _ => Task.FromResult(true), cancellationToken);

    /// <summary>Lists the names of the generations: only another one is a reason to look at them all.</summary>
    private async Task<bool> AnyNewAsync(CancellationToken cancellationToken)
    {
        var any = await others.AnyNewAsync(cancellationToken).ConfigureAwait(false);
        inspections.Watched();
        return any;
    }

    /// <summary>Looks whether the replica holds what it should. If it does not, the generation is refused.</summary>
    /// <returns>What it holds; null if it is not sound, or that could not be told because the worker moved on.</returns>
    private async Task<ReplicaInventory?> InspectAsync(Func<CancellationToken, Task<bool>> isDue, CancellationToken cancellationToken)
    {
        await _inspecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!await isDue(cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            var found = await inspector.RunAsync(cancellationToken).ConfigureAwait(false);
            switch (found)
            {
                case Inspection.Sound sound:
                    inspections.Inspected();
                    _status.Inspected(time.GetUtcNow());
                    Log.ReplicaChecked(logger, replica, database, sound.Generation);
                    return sound.Inventory;
                case Inspection.Shared shared:
                    inspections.Inspected();
                    _status.Troubled(UpkeepStatus.Concern.Replica, $"{shared.Detail}. Nothing is deleted there.");
                    return null;
                case Inspection.Superseded superseded:
                    inspections.Inspected();
                    standing.Supersede(superseded.Detail);
                    return null;
                case Inspection.Unsound unsound:
                    inspections.Inspected();
                    _status.Troubled(UpkeepStatus.Concern.Replica, unsound.Detail + ".");
                    Log.ReplicaUnsound(logger, replica, database, unsound.Detail);
                    standing.Refuse(unsound.Generation, unsound.Reason, unsound.Detail);
                    return null;
                default:
                    return null;
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            inspections.Failed();
            if (_status.Troubled(UpkeepStatus.Concern.Check, $"It could not be checked: {exception.Message}") is 1)
            {
                Log.ReplicaCheckFailed(logger, exception, replica, database, exception.Message);
            }

            throw;
        }
        finally
        {
            _inspecting.Release();
        }
    }

    private TimeSpan UntilDue(out bool urgentOnly)
    {
        var snapshot = snapshots.UntilDue();

        // What waits for the clock is not brought forward by a commit.
        // What waits for an upload is.
        var watch = UntilWatch();
        urgentOnly = snapshot != Timeout.InfiniteTimeSpan && watch != Timeout.InfiniteTimeSpan && !retention.WaitsForUpload && standing.Progress is not null;
        return Sooner(Sooner(snapshot, watch), Sooner(retention.UntilDue(), UntilInspection()));
    }

    private TimeSpan UntilInspection() => standing.Progress is null ? Timeout.InfiniteTimeSpan : inspections.UntilDue;

    private TimeSpan UntilWatch() => standing.Progress is null ? Timeout.InfiniteTimeSpan : inspections.UntilWatch;

    private static TimeSpan Sooner(TimeSpan left, TimeSpan right) =>
        left == Timeout.InfiniteTimeSpan ? right
        : right == Timeout.InfiniteTimeSpan || left < right ? left
        : right;

    private async Task TakeSnapshotAsync(bool demanded, CancellationToken cancellationToken)
    {
        try
        {
            var snapshot = await snapshots.RunOnceAsync(demanded, cancellationToken).ConfigureAwait(false);
            if (snapshot is null && demanded)
            {
                Log.SnapshotNotNeeded(logger, replica, database);
            }

            _status.Mended(UpkeepStatus.Concern.Snapshot);
        }
        catch (Exception exception)
            when (exception is not OperationCanceledException || !(cancellationToken.IsCancellationRequested || snapshots.IsClosed))
        {
            if (_status.Troubled(UpkeepStatus.Concern.Snapshot, $"No new snapshot: {exception.Message}") is 1)
            {
                Log.SnapshotFailed(logger, exception, replica, database, exception.Message);
            }
            else
            {
                Log.SnapshotStillFailing(logger, replica, database, exception.Message);
            }

            throw;
        }
    }

    private async Task RetainAsync(CancellationToken cancellationToken)
    {
        try
        {
            await retention.RunOnceAsync(InspectAsync, cancellationToken).ConfigureAwait(false);
            _status.Mended(UpkeepStatus.Concern.Retention);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            if (_status.Troubled(UpkeepStatus.Concern.Retention, exception.Message) is 1)
            {
                Log.RetentionFailed(logger, exception, replica, database, exception.Message);
            }
            else
            {
                Log.RetentionStillFailing(logger, replica, database, exception.Message);
            }

            throw;
        }
    }

    private static async Task GuardAsync(Task round, CancellationToken cancellationToken)
    {
        await round.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();

        // Any other failure was recorded where it happened; the delay before the next attempt comes from there.
    }
}
