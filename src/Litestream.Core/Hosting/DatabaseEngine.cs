using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Verification;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// The replication of one database: its capture, a worker for each replica, and its restores. Thread-safe.
/// </summary>
internal sealed class DatabaseEngine : IDatabaseEngine
{
    /// <summary>A client that does not answer to its cancellation must not keep the host from stopping.</summary>
    private static readonly TimeSpan LoopsEndWithin = TimeSpan.FromSeconds(5);

    private readonly DatabaseDefinition _definition;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly DatabaseReplicator _replicator;
    private readonly DatabaseRestorer _restorer;
    private readonly InPlaceRestore _inPlace;
    private readonly ReplicaWorker[] _workers;
    private readonly Uri[] _locations; // of the workers' replicas
    private readonly DatabaseVerifier _verifier;
    private readonly DatabaseTelemetry _telemetry;
    private readonly ReplicationReach _reach;
    private readonly SnapshotDemand _snapshots;
    private readonly DatabaseEvents _events;
    private readonly LiveOptions _live;
    private readonly CancellationTokenSource _stop = new();
    private Task _loops = Task.CompletedTask;
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _restoring;
    private volatile bool _lettingGo;
    private volatile bool _wentReplicated;
    private bool _stopped;
    private bool _workersDisposed;

    public DatabaseEngine(
        DatabaseDefinition definition,
        IWalWatcher watcher,
        HeavyWork heavy,
        TimeProvider timeProvider,
        ILoggerFactory loggerFactory,
        LitestreamMetrics? metrics = null,
        StateChanges? changes = null)
    {
        _telemetry = new DatabaseTelemetry(metrics, definition.Name, definition.Path, GetStatus, timeProvider);
        definition = definition.Metered(_telemetry, timeProvider);
        (_definition, _time, _logger) = (definition, timeProvider, loggerFactory.CreateLogger("Litestream"));
        _replicator = new DatabaseReplicator(
            new CaptureDefinition(definition.Name, definition.Path, definition.MetaPath, definition.Options) { Heavy = heavy }, watcher, timeProvider, _logger)
        {
            Telemetry = _telemetry,
        };
        _restorer = new DatabaseRestorer(definition, loggerFactory) { Telemetry = _telemetry };
        _inPlace = new InPlaceRestore(definition, _replicator, _restorer, timeProvider, _logger);
        _workers = definition.Replicas
            .Select(replica => new ReplicaWorker(
                _replicator, replica.Client, replica.Name, replica.Options, timeProvider, _logger, Random.Shared)
            {
                Telemetry = _telemetry,
            })
            .ToArray();
        _locations = [.. definition.Replicas.Select(replica => ReplicaUrl.Bare(replica.Client.Location))];
        _events = new DatabaseEvents(definition.Name, changes ?? new StateChanges(_logger), timeProvider);
        _replicator.Captured += noticedAt =>
        {
            foreach (var worker in _workers)
            {
                worker.HeadChanged(noticedAt);
            }
        };
        _reach = new ReplicationReach(definition.Name, _replicator, _workers, timeProvider);
        _snapshots = new SnapshotDemand(definition.Name, _replicator, _workers);
        _verifier = new DatabaseVerifier(
            _replicator,
            [.. _workers.Zip(definition.Replicas, (worker, replica) => new ReplicaVerifier(
                _replicator, worker, replica.Client, replica.Options.VerificationInterval, timeProvider, _logger)
            {
                Telemetry = _telemetry,
                Heavy = heavy,
            })],
            timeProvider);
        _events.Follow(_replicator.Health, _workers, _verifier.Replicas);
        _live = new LiveOptions(definition.Name, _replicator, _workers, _verifier, _logger);
        _replicator.Trimmer = new ShadowTrimmer(_workers, definition.Path, definition.Options.ShadowLimit, _logger);
    }

    public string Name => _definition.Name;

    public string Path => _definition.Path;

    public async Task<bool> RestoreMissingAsync(CancellationToken cancellationToken)
    {
        if (_definition.Options.RestorePolicy == RestorePolicy.Never || File.Exists(Path))
        {
            return false;
        }

        if (!await _replicator.TryLockAsync(cancellationToken).ConfigureAwait(false))
        {
            // Another process replicates the database, so it is that one's to restore.
            return false;
        }

        _restoring = true;
        _events.Restoring(begins: true);
        try
        {
            var restored = await _restorer.RestoreMissingAsync(cancellationToken).ConfigureAwait(false);
            if (restored)
            {
                _replicator.Restored();
            }

            return restored;
        }
        finally
        {
            _restoring = false;
            _events.Restoring(begins: false);
        }
    }

    public Task OpenAsync(CancellationToken cancellationToken) => _replicator.OpenAsync(cancellationToken);

    public void Start()
    {
        _reach.LoopsRun = true;
        _telemetry.Begin();
        _replicator.Start();
        _loops = Task.WhenAll(_workers.Select(worker => worker.RunAsync(_stop.Token)).Append(_verifier.RunAsync(_stop.Token)));
    }

    public void Apply(DatabaseOptions options) => _live.Apply(options);

    public Task<ReplicationPosition> SyncAsync(CancellationToken cancellationToken) =>
        _reach.SyncAsync(cancellationToken);

    public async Task<ReplicationPosition> WaitForReplicationAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _reach.WaitForAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (InvalidOperationException) when (_lettingGo)
        {
            // Only then can be said whether there was anything to wait for.
            await _gone.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    public Task<ReplicationPosition> WaitForReplicaAsync(string replica, CancellationToken cancellationToken) =>
        _reach.WaitForAsync(replica, cancellationToken);

    public Task<ReplicationPosition> WaitForAnyReplicaAsync(CancellationToken cancellationToken) =>
        _reach.WaitForAnyAsync(cancellationToken);

    public void NotifyChanged() => _replicator.NotifyChanged();

    public long GetCommitSequence() => _replicator.Sight.Read();

    public bool HasCommittedSince(long sequence) => !_wentReplicated && _replicator.Sight.HasCommittedSince(sequence);

    public DatabaseStatus GetStatus()
    {
        var status = _replicator.GetStatus();
        var uncaptured = _replicator.UncapturedFor;
        return status with
        {
            State = _restoring || _inPlace.IsExchanging ? ReplicationState.Restoring : status.State,
            Replicas = [.. _workers.Select((worker, i) => _verifier.AddTo(worker.GetStatus(uncaptured)) with { Location = _locations[i] })],
        };
    }

    public Task SnapshotAsync(string? replica, CancellationToken cancellationToken) => _snapshots.RunAsync(replica, cancellationToken);

    public Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken) =>
        _restorer.RestoreAsync(options, cancellationToken);

    public Task<InPlaceRestoreResult> RestoreInPlaceAsync(InPlaceRestoreOptions options, CancellationToken cancellationToken) =>
        _inPlace.RestoreAsync(options, cancellationToken);

    public Task<InPlaceRestoreResult> UndoRestoreAsync(
        string previousPath, Func<CancellationToken, Task> closeConnections, CancellationToken cancellationToken) =>
        _inPlace.UndoAsync(previousPath, closeConnections, cancellationToken);

    public Task<VerificationResult> VerifyAsync(string? replica, CancellationToken cancellationToken) =>
        _verifier.VerifyAsync(replica, cancellationToken);

    public IAsyncEnumerable<BackupGeneration> ListBackupsAsync(string? replica, CancellationToken cancellationToken) =>
        _restorer.ListBackupsAsync(replica, cancellationToken);

    public async Task StopAsync(bool letGo, CancellationToken budget)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        _lettingGo = letGo;
        try
        {
            await _inPlace.StopAsync().ConfigureAwait(false);
            var synced = await TrySyncAsync(budget).ConfigureAwait(false);
            await _stop.CancelAsync().ConfigureAwait(false);
            await _loops.WaitAsync(LoopsEndWithin, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            DisposeWorkers();
            await _replicator.StopAsync(letGo || _definition.ReleaseOnStop).ConfigureAwait(false);
            _wentReplicated = letGo && (synced || !File.Exists(Path)) && DatabaseStop.IsReplicated(GetStatus());
        }
        finally
        {
            _telemetry.End();
            _gone.TrySetResult();
        }

        if (letGo)
        {
            await _inPlace.EndedAsync().ConfigureAwait(false);
            await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            DisposeWorkers();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(letGo: true, new CancellationToken(canceled: true)).ConfigureAwait(false);
        await _replicator.DisposeAsync().ConfigureAwait(false);
        _inPlace.Dispose();
        _verifier.Dispose();
        _stop.Dispose();
    }

    private async Task<bool> TrySyncAsync(CancellationToken budget)
    {
        try
        {
            // Whatever the state: a database may have come, or be readable again, since it was last looked at.
            await SyncAsync(budget).ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            // Stopping goes on, whatever it was. The status says what is missing; the host says it to the log.
            return false;
        }
    }

    private void DisposeWorkers()
    {
        if (_loops.IsCompleted && !Interlocked.Exchange(ref _workersDisposed, true))
        {
            foreach (var worker in _workers)
            {
                worker.Dispose();
            }
        }
    }
}
