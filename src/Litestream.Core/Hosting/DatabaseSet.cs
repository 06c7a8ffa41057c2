using System.Collections.Concurrent;
using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>The databases of a host, taken through each step of its life together. Not thread-safe: one step at a time.</summary>
internal sealed class DatabaseSet
{
    // Each restore downloads several objects at once by itself.
    private const int RestoresAtOnce = 4;

    // What an engine gets beyond the last sync's time, to close its files. An engine that needs longer hangs.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<ManagedDatabase> _databases;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;

    /// <summary>Makes an engine for every definition; begins nothing.</summary>
    public DatabaseSet(
        IReadOnlyList<DatabaseDefinition> definitions, IDatabaseEngineFactory factory, TimeProvider timeProvider, ILogger logger)
    {
        _databases = [.. definitions.Select(definition => new ManagedDatabase(definition, factory.Create(definition)))];
        _timeProvider = timeProvider;
        _logger = logger;
        Public = [.. _databases.Select(database => database.Public)];
    }

    /// <summary>What the application gets to see, in order of name.</summary>
    public IReadOnlyList<ILitestreamDatabase> Public { get; }

    /// <summary>Restores what is missing. Every database is tried, so that one failure does not hide another.</summary>
    public async Task RestoreMissingAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<string, Exception>(StringComparer.Ordinal);
        var limit = new ParallelOptions { MaxDegreeOfParallelism = RestoresAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(_databases, limit, async (database, token) =>
        {
            // Restoring takes the lock file already.
            database.NeedsStop = true;
            try
            {
                if (await database.Engine.RestoreMissingAsync(token).ConfigureAwait(false))
                {
                    Log.DatabaseRestored(_logger, database.Definition.Name, database.Definition.Path);
                }
            }
            catch (Exception e) when (!IsCancelled(e, token))
            {
                Log.RestoreAtStartFailed(_logger, database.Definition.Name, e);
                failures[database.Definition.Name] = e;
            }
        }).ConfigureAwait(false);
        ThrowTogether(failures, "could not be restored");
    }

    /// <summary>Opens what is not open yet.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var database in _databases.Where(database => !database.IsOpen))
        {
            await database.Engine.OpenAsync(cancellationToken).ConfigureAwait(false);
            database.IsOpen = true;
        }
    }

    /// <summary>Starts the loops, and says once with which options.</summary>
    public void Start()
    {
        if (_databases.Count == 0)
        {
            Log.NoDatabases(_logger);
        }

        foreach (var database in _databases)
        {
            LogOptions(database.Definition);
            database.Engine.Start();
        }
    }

    /// <summary>Passes changed options on to their database.</summary>
    public void Apply(string name, DatabaseOptions options) =>
        _databases.FirstOrDefault(database => database.Definition.Name == name)?.Engine.Apply(options);

    /// <summary>Syncs all at once. Every database is tried.</summary>
    public async Task SyncAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<string, Exception>(StringComparer.Ordinal);
        await Task.WhenAll(_databases.Select(async database =>
        {
            try
            {
                await database.Engine.SyncAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!IsCancelled(e, cancellationToken))
            {
                failures[database.Definition.Name] = e;
            }
        })).ConfigureAwait(false);
        ThrowTogether(failures, "could not be replicated");
    }

    /// <summary>Stops what was begun, in parallel. Failures are logged: stopping goes on.</summary>
    /// <param name="syncTimeout">How long the last sync may take; zero for none.</param>
    /// <param name="cancellationToken">Cancelled when the host loses its patience.</param>
    public async Task StopAsync(TimeSpan syncTimeout, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(syncTimeout, _timeProvider);
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        await Task.WhenAll(_databases.Where(database => database.NeedsStop).Select(async database =>
        {
            database.NeedsStop = false;
            var before = database.Engine.GetStatus();
            try
            {
                await database.Engine.StopAsync(budget.Token).WaitAsync(syncTimeout + StopGrace, _timeProvider, CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Log.StopFailed(_logger, database.Definition.Name, e);
            }

            LogWhatIsReplicated(before, database.Engine.GetStatus());
        })).ConfigureAwait(false);
    }

    /// <summary>Disposes the engines. Failures are logged: disposal goes on.</summary>
    public async Task DisposeAsync()
    {
        foreach (var database in _databases)
        {
            try
            {
                await database.Engine.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Log.StopFailed(_logger, database.Definition.Name, e);
            }
        }
    }

    private void LogOptions(DatabaseDefinition definition)
    {
        var options = definition.Options;
        Log.DatabaseStarted(
            _logger, definition.Name, definition.Path, definition.MetaPath, options.RestorePolicy, options.MonitorInterval,
            options.CheckpointInterval, options.MinCheckpointPages, options.MaxCheckpointPages, options.BusyTimeout, options.ShadowLimit);
        foreach (var replica in definition.Replicas)
        {
            Log.ReplicaStarted(_logger, definition.Name, replica.Name, ReplicaUrl.WithoutSecrets(replica.Client.Location), replica.Options.SyncInterval);
        }
    }

    private void LogWhatIsReplicated(DatabaseStatus before, DatabaseStatus status)
    {
        if (before.State is ReplicationState.Retrying or ReplicationState.Faulted && status.LastSyncedAt == before.LastSyncedAt)
        {
            // What the last sync could not look at either cannot be compared with the replicas.
            Log.NotReadableAtStop(_logger, status.Name, status.LastSyncedAt, before.LastError);
            return;
        }

        var behind = status.Replicas.Where(replica => IsBehind(status, replica)).ToList();
        foreach (var replica in behind)
        {
            Log.NotReplicatedAtStop(
                _logger, status.Name, replica.Name, replica.Position.IsEmpty ? "what it held before" : replica.Position.ToString(), status.Position, replica.Lag, replica.LastError ?? status.LastError);
        }

        if (status.Position.IsEmpty)
        {
            Log.StoppedWithoutCapture(_logger, status.Name, before.State);
        }
        else if (behind.Count == 0)
        {
            Log.DatabaseStopped(_logger, status.Name, status.Position);
        }
    }

    private static bool IsBehind(DatabaseStatus status, ReplicaStatus replica) =>
        replica.Lag > TimeSpan.Zero || (!status.Position.IsEmpty && !replica.Position.Covers(status.Position));

    private static bool IsCancelled(Exception e, CancellationToken cancellationToken) =>
        e is OperationCanceledException && cancellationToken.IsCancellationRequested;

    private static void ThrowTogether(ConcurrentDictionary<string, Exception> failed, string what)
    {
        // In order of name, whichever failed first: a message that reads the same every time.
        var failures = failed.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value).ToList();
        if (failures.Count == 0)
        {
            return;
        }

        var outside = failures.OfType<LitestreamException>().ToList();
        if (failures.Count == 1 || outside.Count == 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures[0]);
        }

        // Each message names its database and replica.
        var message = $"{failures.Count} databases {what}: {string.Join(" ", failures.Select(failure => failure.Message))}";
        var all = new AggregateException(failures);
        throw failures.All(failure => failure is BackupNotFoundException)
            ? new BackupNotFoundException(message, all)
            : new ReplicaException(message, all, isTransient: outside.Count == failures.Count && outside.TrueForAll(failure => failure.IsTransient));
    }
}
