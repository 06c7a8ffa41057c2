using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// Databases that come and go while the host lives. Calls for one name happen one after the other; those for different names
/// at the same time. A database is in the register from the moment it is held until it is being let go. Thread-safe.
/// </summary>
internal sealed class DatabaseChanges(
    DatabaseRegister register, NameTurns turns, DatabaseMaker maker, DatabaseSet set, DatabaseStop stop, OptionsReload options, TimeProvider time, ILogger logger)
{
    /// <summary>Adds a database, all of it or nothing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="database">Its options; nobody changes them later.</param>
    /// <param name="start">Whether its loops start; else they start with the host's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ILitestreamDatabase> AddAsync(string name, DatabaseOptions database, bool start, CancellationToken cancellationToken)
    {
        using var turn = await turns.TakeAsync(name, cancellationToken).ConfigureAwait(false);
        if (register.FindInAnyCase(name) is { } same)
        {
            throw new InvalidOperationException(same.Definition.Name == name
                ? $"The database '{name}' is there already; remove it first, with RemoveDatabaseAsync."
                : $"The database '{name}' was not added: there is one named '{same.Definition.Name}', which differs in case only.");
        }

        var added = await MakeAsync(name, database).ConfigureAwait(false);
        try
        {
            await set.PrepareAsync(added, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (start)
            {
                set.Start(added);
            }

            return register.TryAdd(added) ? added.Public : throw new OperationCanceledException(cancellationToken);
        }
        catch
        {
            await UnmakeAsync(added).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes a database: it stays, and is replicated as before, if its last sync fails.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="evenIfUnreplicated">Whether it goes all the same.</param>
    /// <param name="cancellationToken">Ends the last sync; from then on there is no way back.</param>
    public async Task RemoveAsync(string name, bool evenIfUnreplicated, CancellationToken cancellationToken)
    {
        using var turn = await turns.TakeAsync(name, cancellationToken).ConfigureAwait(false);
        var database = register.Get(name);
        var patience = options.Current.ShutdownSyncTimeout;
        using var timeout = new CancellationTokenSource(patience, time);
        if (database.IsOpen && await LastSyncAsync(database, patience, timeout.Token, cancellationToken).ConfigureAwait(false) is { } failure && !evenIfUnreplicated)
        {
            var message = $"The database '{name}' was not removed, and is replicated as before: {failure.Message} "
                + "Call again when this has passed; or, to lose what is not replicated, with evenIfUnreplicated.";
            throw failure is ReplicaException
                ? new ReplicaException(message, failure, failure.IsTransient)
                : new LitestreamException(message, failure, failure.IsTransient);
        }

        // A configuration that changes meanwhile means it no more, nor another one that gets its name.
        options.Release(name);
        register.Remove(database);
        if (database.NeedsStop)
        {
            await stop.LetGoAsync(database, timeout.Token).ConfigureAwait(false);
        }

        await UnmakeAsync(database).ConfigureAwait(false);
        Log.DatabaseRemoved(logger, name, database.Definition.Path);
    }

    private async Task<ManagedDatabase> MakeAsync(string name, DatabaseOptions database)
    {
        try
        {
            return maker.Make(name, database, options.Current.ReleaseOnStop);
        }
        catch
        {
            await maker.ReleaseClientsAsync(name).ConfigureAwait(false);
            throw;
        }
    }

    /// <returns>Why not everything is on every replica; null if it is, or if there is nothing that could be lost.</returns>
    private static async Task<LitestreamException?> LastSyncAsync(
        ManagedDatabase database, TimeSpan patience, CancellationToken timeout, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout, cancellationToken);
        try
        {
            await database.Engine.SyncAsync(either.Token).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException exception) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var status = database.Engine.GetStatus();
            var error = status.LastError ?? status.Replicas.Select(replica => replica.LastError).FirstOrDefault(one => one is not null);
            return new ReplicaException(
                $"not every replica had the last commits within {patience}, which is {nameof(LitestreamOptions.ShutdownSyncTimeout)}. Last error: {error ?? "none"}.",
                exception,
                isTransient: true);
        }
        catch (LitestreamException exception)
        {
            return HasNothingToLose(database.Engine.GetStatus()) ? null : exception;
        }
        catch (IOException exception)
        {
            return new LitestreamException(exception.Message, exception, isTransient: true);
        }
    }

    /// <summary>Another process replicates it; or its file is gone, and the replicas have all that was captured of it.</summary>
    private static bool HasNothingToLose(DatabaseStatus status) =>
        status.State == ReplicationState.WaitingForOtherProcess
        || (status.State == ReplicationState.WaitingForDatabase && DatabaseStop.IsReplicated(status));

    private async Task UnmakeAsync(ManagedDatabase database)
    {
        try
        {
            await maker.UnmakeAsync(database).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // It is let go of all the same.
            Log.StopFailed(logger, database.Definition.Name, exception);
        }
    }
}
