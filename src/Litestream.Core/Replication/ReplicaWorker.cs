using System.Diagnostics;
using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// One replica's loop, the only writer to it. Capture tells it that there is something new; it uploads that in order, at
/// most one object at a time, whatever the number of those who wait for it.
/// </summary>
/// <remarks>
/// Thread-safe. <see cref="RunAsync"/> never ends by itself: a failure that may pass is tried again with a growing delay,
/// any other on a slow clock, and both show in <see cref="GetStatus"/>. Each pass can be run by itself with
/// <see cref="RunOnceAsync"/>. While nothing is captured there are no requests, no timers and no allocations.
/// </remarks>
internal sealed class ReplicaWorker : IDisposable
{
    private readonly ICapturedDatabase _database;
    private readonly PassCadence _cadence;
    private readonly TimeProvider _timeProvider;
    private readonly ReplicaStore _store;
    private readonly ReplicaStanding _standing;
    private readonly ReplicaCatchUp _catchUp;
    private readonly ReplicaHealth _health;
    private readonly LagTracker _lag;
    private readonly ReplicaUpkeep _upkeep;
    private readonly ReplicationWaiters _waiters = new();
    private readonly PositionSignal _signal = new();
    private readonly SemaphoreSlim _gate = new(1, 1); // one pass at a time; outermost
    private volatile bool _running;

    /// <param name="database">The database that is replicated.</param>
    /// <param name="client">The replica's client; not disposed here.</param>
    /// <param name="replicaName">Name of the replica in the options.</param>
    /// <param name="options">Its options.</param>
    /// <param name="timeProvider">The clock of all delays.</param>
    /// <param name="logger">Where changes of state are said.</param>
    /// <param name="jitter">For delays that differ between replicas; used by this worker alone.</param>
    /// <param name="freeSpace">Free bytes on the disk of a folder; null for the operating system's answer.</param>
    public ReplicaWorker(
        ICapturedDatabase database,
        IReplicaClient client,
        string replicaName,
        ReplicaOptions options,
        TimeProvider timeProvider,
        ILogger logger,
        Random jitter,
        Func<string, long>? freeSpace = null)
    {
        (_database, _timeProvider) = (database, timeProvider);
        Name = replicaName;
        _health = new ReplicaHealth(database.Name, replicaName, timeProvider, jitter, logger);
        Settings = new ReplicaSettings(options);
        _cadence = new PassCadence(Settings.SyncInterval, _waiters, _health, timeProvider);
        _lag = new LagTracker(timeProvider);
        _store = new ReplicaStore(client, database.Name, replicaName, timeProvider, jitter);
        var spool = new SnapshotSpool(database, freeSpace ?? SnapshotSpool.FreeSpace);
        _standing = new ReplicaStanding(database, logger, OnCovered);
        var inspections = new InspectionSchedule(Settings.ReplicaCheckInterval, timeProvider);
        var others = new OtherWriters(_store, database, _standing);
        _catchUp = new ReplicaCatchUp(database, _store, replicaName, logger, spool, _standing, inspections) { Others = others };
        var schedule = new SnapshotSchedule(Settings.SnapshotInterval, _store.Clock, timeProvider, jitter);
        var snapshots = new PeriodicSnapshots(database, _store, _standing, _catchUp.Publisher, spool, schedule, UploadAsync, replicaName, logger);
        var retention = new ReplicaRetention(database, _store, _standing, _catchUp.Publisher, Settings, timeProvider, replicaName, logger);
        var inspector = new ReplicaInspector(_store, _standing, Settings.Retention, others);
        _upkeep = new ReplicaUpkeep(snapshots, retention, inspector, others, inspections, _standing, database.Name, replicaName, timeProvider, logger);
        _catchUp.Inspect = _upkeep.InspectBeforeUploadAsync;
        _standing.Superseded += _health.Superseded;
        _standing.Superseded += _waiters.Close;
        _standing.Superseded += _ => snapshots.Superseded();
        Settings.Changed += _signal.Urgent;
        Settings.Changed += _upkeep.Changed;
    }

    public DatabaseTelemetry Telemetry { init => _catchUp.Telemetry = _upkeep.Telemetry = value; }

    public string Name { get; }
    public ReplicaHealth Health => _health;
    public ReplicaSettings Settings { get; }

    /// <summary>Up to where the replica can be restored; empty before its first snapshot is known of.</summary>
    public ReplicationPosition Position => _health.Position;

    /// <summary>Everything captured up to this sequence is restorable from the replica; -1 before anything is.</summary>
    public long CoveredSequence => _waiters.Covered;

    /// <summary>What the worker still needs of the shadow.</summary>
    public ShadowClaim ShadowClaim => _standing.Claim;

    /// <summary>
    /// Takes the claim on the shadow away. If the shadow is then removed, the replica rejoins the generation with a fresh
    /// snapshot as soon as it can be reached.
    /// </summary>
    public void DropClaim() => _standing.Claim = ShadowClaim.Nothing;

    /// <summary>Says that the shadow's head has moved. Never blocks, never allocates.</summary>
    /// <param name="noticedAt">When the oldest new commit was noticed, if that is known.</param>
    public void HeadChanged(DateTimeOffset? noticedAt)
    {
        if (_database.Shadow.Head is { } head)
        {
            _lag.Observe(head, noticedAt);
            _upkeep.HeadChanged(head.Position);
        }

        _signal.Moved();
    }

    /// <summary>How the replica stands. Memory only.</summary>
    /// <param name="uncaptured">Age of the oldest commit that is not captured, which no replica has.</param>
    public ReplicaStatus GetStatus(TimeSpan uncaptured = default) =>
        _upkeep.Status.AddTo(_health.Describe(_lag.Lag is var lag && lag > uncaptured ? lag : uncaptured), _standing.Newest);

    /// <summary>The loop, and beside it that of the upkeep. Returns when the token is cancelled, and throws nothing.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(RunPassesAsync(cancellationToken), _upkeep.RunAsync(cancellationToken));

    /// <summary>One round of the upkeep: what the replica needs over time and is due.</summary>
    public Task RunUpkeepOnceAsync(CancellationToken cancellationToken) => _upkeep.RunOnceAsync(cancellationToken);

    /// <summary>
    /// Takes a snapshot now and publishes it, unless the index in use has one. Whatever has been captured is on the replica
    /// when this returns.
    /// </summary>
    /// <exception cref="LitestreamException">It could not be taken or uploaded.</exception>
    /// <exception cref="InvalidOperationException">The worker is disposed.</exception>
    public Task SnapshotAsync(CancellationToken cancellationToken) => _upkeep.SnapshotAsync(cancellationToken);

    private async Task RunPassesAsync(CancellationToken cancellationToken)
    {
        _running = true;
        _health.Running(true);
        try
        {
            // Whoever starts the loop does not wait for a first snapshot, nor is he the parent of all that it will ever do.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            Activity.Current = null;
            while (!cancellationToken.IsCancellationRequested)
            {
                var head = _database.Shadow.Head;
                var due = _cadence.UntilNext(head, head is not null && _standing.RefusalOf(head.Position.Generation) is not null, out var urgentOnly);
                if (due == TimeSpan.Zero)
                {
                    await RunGuardedAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await _signal.WaitAsync(due, urgentOnly, _timeProvider, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to.
        }
        finally
        {
            _running = false;
            _health.Running(false);
        }
    }

    /// <summary>One pass: uploads whatever the replica lacks of what has been captured when it begins.</summary>
    /// <returns>True if the replica now holds it all; false if a new generation has to come first.</returns>
    /// <exception cref="ReplicaException">The pass failed. What it had uploaded by then counts.</exception>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await PassAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Uploads now. While the loop runs, waits until <paramref name="sequence"/> is covered or one pass that began after
    /// this call has failed; when it does not run, makes one pass, and the caller looks at what that has covered.
    /// </summary>
    /// <exception cref="ReplicaException">The pass failed.</exception>
    public async Task<ReplicaPass> SyncAsync(long sequence, CancellationToken cancellationToken)
    {
        if (_running)
        {
            await _waiters.WaitAsync(sequence, onePass: true, _signal.Urgent, cancellationToken).ConfigureAwait(false);
        }
        else if (CoveredSequence < sequence)
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (CoveredSequence < sequence)
                {
                    await PassAsync(cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                _gate.Release();
            }
        }

        return new ReplicaPass(Position, CoveredSequence);
    }

    /// <summary>Waits, through failures that may pass, until everything up to <paramref name="sequence"/> is restorable.</summary>
    /// <exception cref="LitestreamException">The replica is, or becomes, faulted.</exception>
    /// <exception cref="InvalidOperationException">The worker is disposed.</exception>
    public Task WaitForAsync(long sequence, CancellationToken cancellationToken) =>
        _waiters.WaitAsync(sequence, onePass: false, _signal.Urgent, cancellationToken);

    /// <summary>After the last pass: fails whoever still waits, and removes what was spooled. The loop has ended before.</summary>
    public void Dispose()
    {
        _waiters.Close(Stopped());
        _upkeep.Dispose();
        _catchUp.Dispose();
        _gate.Dispose();
    }

    private async Task RunGuardedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunOnceAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Recorded where it happened, with the delay. What is no ReplicaException comes from a logger that throws, say.
        }
    }

    private async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var head = _database.Shadow.Head;
        _cadence.PassBegins(head);
        if (head is null)
        {
            return false;
        }

        _lag.Observe(head);
        using var span = LitestreamActivities.Begin(LitestreamActivities.Sync, _database.Name, Name);
        try
        {
            var covers = await _catchUp.RunAsync(head, cancellationToken).ConfigureAwait(false);
            _standing.DemandOurs();
            _health.Succeeded(covers, covers ? null : _standing.RefusalOf(head.Position.Generation));
            _waiters.PassSucceeded();
            span?.SetTag(LitestreamActivities.Position, Position.ToString());
            return covers;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            span.Fail(exception);
            throw Failed(exception);
        }
    }

    /// <summary>Brings everything up to a sequence onto the replica, or says why that does not work now.</summary>
    private async Task UploadAsync(long sequence, CancellationToken cancellationToken)
    {
        await SyncAsync(sequence, cancellationToken).ConfigureAwait(false);
        if (CoveredSequence < sequence)
        {
            throw new ReplicaException(
                $"The {_store.Description} does not hold the last commits yet: {GetStatus().LastError ?? "a new generation has to come first"}.",
                innerException: null,
                isTransient: true);
        }
    }

    private InvalidOperationException Stopped() =>
        new($"Replication of database '{_database.Name}' to replica '{Name}' has stopped.");

    private ReplicaException Failed(Exception cause)
    {
        var failure = _standing.Supersession ?? new ReplicaException($"The {_store.Description} failed: {cause.Message}", cause, RetryPolicies.MayPass(cause));
        _health.Failed(cause, failure);
        _waiters.PassFailed(failure, faulted: !failure.IsTransient);
        return failure;
    }

    private void OnCovered(ReplicationPosition upTo, ReplicationPosition? commit, long? sequence)
    {
        // What is acknowledged is the end of a commit: one that is known of, or what had been captured at some time.
        var covered = Math.Max(_lag.Covered(upTo, out var captured) ?? -1, sequence ?? -1);
        _health.Reached(commit ?? default, captured);
        if (covered >= 0)
        {
            _lag.Covered(covered);
            _waiters.Cover(covered);
        }
        _upkeep.Moved();
    }
}
