using Litestream.Diagnostics;
using Litestream.Replication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Deletes the backups of databases that were removed. Thread-safe.</summary>
internal sealed class BackupDeletions(DatabaseRegister register, NameTurns turns, DatabaseMaker maker, TimeProvider time, ILogger logger)
{
    /// <inheritdoc cref="ILitestream.DeleteBackupAsync"/>
    public async Task<BackupDeletion> DeleteAsync(string name, DatabaseOptions options, CancellationToken cancellationToken)
    {
        using var turn = await turns.TakeAsync(name, cancellationToken).ConfigureAwait(false);
        if (register.FindInAnyCase(name) is { } replicated)
        {
            throw Refused(name, $"the database '{replicated.Definition.Name}' is replicated to it; remove that first, with RemoveDatabaseAsync");
        }

        try
        {
            // Nobody who is added meanwhile gets the same places.
            using var places = TakePlaces(name, options);
            var definition = maker.Define(name, options);
            if (!ReplicationLock.TryTake(definition.MetaPath, definition.Path, out var taken))
            {
                throw Refused(name, $"another process replicates '{definition.Path}' to it");
            }

            using (taken)
            {
                return await DeleteAsync(definition, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await maker.ReleaseClientsAsync(name).ConfigureAwait(false);
        }
    }

    /// <summary>Every replica is tried.</summary>
    private async Task<BackupDeletion> DeleteAsync(DatabaseDefinition definition, CancellationToken cancellationToken)
    {
        var failures = new List<LitestreamException>();
        var all = new BackupDeletion(0, 0);
        foreach (var replica in definition.Replicas)
        {
            try
            {
                var deleted = await new ReplicaErasure(replica.Client, definition.Name, replica.Name, time).RunAsync(cancellationToken).ConfigureAwait(false);
                Log.BackupDeleted(logger, definition.Name, replica.Name, deleted.Objects, deleted.Bytes);
                all = new BackupDeletion(all.Objects + deleted.Objects, all.Bytes + deleted.Bytes);
            }
            catch (LitestreamException exception)
            {
                failures.Add(exception);
            }
        }

        return failures.Count == 0
            ? all
            : throw new ReplicaException(
                $"The backup of the database '{definition.Name}' was not deleted as a whole; call again to finish: {string.Join(" ", failures.Select(failure => failure.Message))}",
                failures.Count == 1 ? failures[0] : new AggregateException(failures),
                failures.TrueForAll(failure => failure.IsTransient));
    }

    private DatabasePlaces TakePlaces(string name, DatabaseOptions options)
    {
        try
        {
            return maker.TakePlaces(name, options);
        }
        catch (OptionsValidationException exception)
        {
            throw Refused(name, exception.Message, exception);
        }
    }

    private static InvalidOperationException Refused(string name, string why, Exception? inner = null) =>
        new($"The backup of the database '{name}' was not deleted: {why}.", inner);
}
