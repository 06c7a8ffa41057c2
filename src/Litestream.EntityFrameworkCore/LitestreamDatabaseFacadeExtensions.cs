using Litestream;
using Litestream.EntityFrameworkCore;
using Litestream.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Microsoft.EntityFrameworkCore;

/// <summary>The replication of a context's database: durable commits, and restore points around migrations.</summary>
public static class LitestreamDatabaseFacadeExtensions
{
    /// <summary>The replication of this context's database.</summary>
    /// <param name="database">The context's database.</param>
    /// <returns>The replication.</returns>
    /// <exception cref="InvalidOperationException">It is not replicated; says why.</exception>
    public static ILitestreamDatabase GetLitestreamDatabase(this DatabaseFacade database) => ContextServices.GetDatabase(ContextOf(database));

    /// <summary>Commits the transaction, and waits until it is on every replica.</summary>
    /// <param name="database">The context's database, with a transaction.</param>
    /// <param name="cancellationToken">Gives up; what is committed by then stays committed, and will be replicated.</param>
    /// <returns>A position that contains the transaction, and that every replica can be restored to.</returns>
    /// <exception cref="InvalidOperationException">There is no transaction, or the database is not replicated. Nothing was committed.</exception>
    /// <exception cref="LitestreamException">It is committed; the database or a replica is faulted, so that it is no use to wait.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the commit, or while waiting after it.</exception>
    public static async Task<ReplicationPosition> CommitTransactionDurablyAsync(this DatabaseFacade database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        var replication = database.GetLitestreamDatabase();
        await database.CommitTransactionAsync(cancellationToken).ConfigureAwait(false);
        return await replication.WaitForReplicationAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Applies the migrations that are pending, between two restore points: before and after them it waits until everything
    /// is on every replica, names the moment, and says in the log how to go back to it. Does nothing if none are pending.
    /// </summary>
    /// <remarks>
    /// May be called between <c>RestoreLitestreamAsync</c> and the host's start, as <c>MigrateAsync</c> is; it restores a
    /// missing database itself if that was not done. If a replica cannot be reached it throws, and nothing is migrated:
    /// call <c>MigrateAsync</c> to do without.
    /// </remarks>
    /// <param name="database">The context's database.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The restore points; none if nothing was pending, one where the database is made by the migration.</returns>
    /// <exception cref="ReplicaException">A replica does not have everything, after one pass of its retries.</exception>
    /// <exception cref="InvalidOperationException">The database is not replicated.</exception>
    public static async Task<IReadOnlyList<RestorePoint>> MigrateWithRestorePointsAsync(
        this DatabaseFacade database, CancellationToken cancellationToken = default)
    {
        var context = ContextOf(database);
        var replication = ContextServices.GetDatabase(context);
        if (ContextServices.GetLitestream(context) is { } litestream)
        {
            await litestream.RestoreMissingAsync(cancellationToken).ConfigureAwait(false);
        }

        var pending = (await database.GetPendingMigrationsAsync(cancellationToken).ConfigureAwait(false)).ToList();
        if (pending.Count == 0)
        {
            return [];
        }

        var points = new List<RestorePoint>(2);
        var clock = ContextServices.TimeProvider(context);
        var logger = ContextServices.Logger(context);
        if (new FileInfo(replication.Path) is { Exists: true, Length: > 0 })
        {
            await AddPointAsync($"before {pending[0]}").ConfigureAwait(false);
        }

        await database.MigrateAsync(cancellationToken).ConfigureAwait(false);
        await AddPointAsync($"after {pending[^1]}").ConfigureAwait(false);
        return points;

        async Task AddPointAsync(string name)
        {
            var position = await replication.SyncAsync(cancellationToken).ConfigureAwait(false);
            var point = new RestorePoint(name, replication.Name, replication.Path, position, clock.GetUtcNow());
            points.Add(point);
            var text = point.ToString();
            Log.RestorePoint(logger, text);
        }
    }

    private static DbContext ContextOf(DatabaseFacade database)
    {
        ArgumentNullException.ThrowIfNull(database);
        return ((IDatabaseFacadeDependenciesAccessor)database).Context;
    }
}
