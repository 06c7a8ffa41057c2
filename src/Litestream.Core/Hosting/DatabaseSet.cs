using System.Collections.Concurrent;
using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>The databases of a host, taken through each step of its life together. One step at a time, but for a sync.</summary>
internal sealed class DatabaseSet(DatabaseRegister register, DatabaseStop stop, TimeProvider timeProvider, ILogger logger)
{
    // Each restore downloads several objects at once by itself.
    private const int RestoresAtOnce = 4;

    /// <summary>Restores what is missing. Every database is tried, so that one failure does not hide another.</summary>
    public async Task RestoreMissingAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<string, Exception>(StringComparer.Ordinal);
        var limit = new ParallelOptions { MaxDegreeOfParallelism = RestoresAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(register.All.Where(database => !database.IsOpen), limit, async (database, token) =>
        {
            try
            {
                await RestoreMissingAsync(database, token).ConfigureAwait(false);
            }
            catch (Exception e) when (!IsCancelled(e, token))
            {
                Log.RestoreAtStartFailed(logger, database.Definition.Name, e);
                failures[database.Definition.Name] = e;
            }
        }).ConfigureAwait(false);
        ThrowTogether(failures, "could not be restored");
    }

    /// <summary>Opens what is not open yet.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var database in register.All.Where(database => !database.IsOpen))
        {
            await OpenAsync(database, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Restores one database if it is missing, and opens it.</summary>
    public async Task PrepareAsync(ManagedDatabase database, CancellationToken cancellationToken)
    {
        await RestoreMissingAsync(database, cancellationToken).ConfigureAwait(false);
        await OpenAsync(database, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Starts the loops, and says once with which options.</summary>
    public void Start()
    {
        var databases = register.All;
        if (databases.Count == 0)
        {
            Log.NoDatabases(logger);
        }

        foreach (var database in databases)
        {
            Start(database);
        }
    }

    /// <summary>Starts the loops of one, and says with which options.</summary>
    public void Start(ManagedDatabase database)
    {
        LogOptions(database.Definition);
        database.Engine.Start();
    }

    /// <summary>Passes changed options on to their database.</summary>
    public void Apply(string name, DatabaseOptions options) => register.Find(name)?.Engine.Apply(options);

    /// <summary>Syncs all at once. Every database is tried.</summary>
    public async Task SyncAsync(CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<string, Exception>(StringComparer.Ordinal);
        await Task.WhenAll(register.All.Select(async database =>
        {
            try
            {
                await database.Engine.SyncAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidOperationException) when (register.Find(database.Definition.Name) != database)
            {
                // It was removed meanwhile, with a sync of its own.
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
        using var timeout = new CancellationTokenSource(syncTimeout, timeProvider);
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        await Task.WhenAll(register.All
            .Where(database => database.NeedsStop)
            .Select(database => stop.StopAsync(database, syncTimeout, budget.Token))).ConfigureAwait(false);
    }

    /// <summary>Disposes the engines. Failures are logged: disposal goes on.</summary>
    public async Task DisposeAsync()
    {
        foreach (var database in register.All)
        {
            try
            {
                await database.Engine.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                Log.StopFailed(logger, database.Definition.Name, e);
            }
        }
    }

    private async Task RestoreMissingAsync(ManagedDatabase database, CancellationToken cancellationToken)
    {
        // Restoring takes the lock file already.
        database.NeedsStop = true;
        if (await database.Engine.RestoreMissingAsync(cancellationToken).ConfigureAwait(false))
        {
            Log.DatabaseRestored(logger, database.Definition.Name, database.Definition.Path);
        }
    }

    private static async Task OpenAsync(ManagedDatabase database, CancellationToken cancellationToken)
    {
        await database.Engine.OpenAsync(cancellationToken).ConfigureAwait(false);
        database.IsOpen = true;
    }

    private void LogOptions(DatabaseDefinition definition)
    {
        var options = definition.Options;
        Log.DatabaseStarted(
            logger, definition.Name, definition.Path, definition.MetaPath, options.RestorePolicy, options.MonitorInterval,
            options.CheckpointInterval, options.MinCheckpointPages, options.MaxCheckpointPages, options.BusyTimeout, options.ShadowLimit);
        foreach (var replica in definition.Replicas)
        {
            Log.ReplicaStarted(logger, definition.Name, replica.Name, ReplicaUrl.WithoutSecrets(replica.Client.Location), replica.Options.SyncInterval);
        }
    }

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
