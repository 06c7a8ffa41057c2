using System.Data;
using Litestream;
using Litestream.EntityFrameworkCore;

namespace Microsoft.Data.Sqlite;

/// <summary>Tells plain connections of Microsoft.Data.Sqlite of the replication.</summary>
public static class LitestreamSqliteConnectionExtensions
{
    /// <summary>
    /// Twice the size above which replication empties the WAL by itself under a short lock: reached only if nobody does.
    /// A connection that stays open has no moment at which to see that.
    /// </summary>
    private const int BackstopPages = 20_000;

    /// <summary>
    /// Whenever this connection is open, sets a busy timeout on it and puts SQLite's auto-checkpoint off to 20 000 pages while the
    /// database is replicated; and tells the replication when it closes, when what it did is committed. All of it is
    /// convenience: without it every commit is replicated as well.
    /// </summary>
    /// <param name="connection">The connection, open or not.</param>
    /// <param name="database">The replication of its database.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The connection.</returns>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static SqliteConnection UseLitestream(
        this SqliteConnection connection, ILitestreamDatabase database, Action<LitestreamSqliteOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(database);
        var options = LitestreamSqliteOptions.Create(configure);
        connection.StateChange += (_, change) =>
        {
            if (change.CurrentState == ConnectionState.Open)
            {
                Opened(connection, database, options);
            }
            else if (change.CurrentState == ConnectionState.Closed)
            {
                database.NotifyChanged();
            }
        };
        if (connection.State == ConnectionState.Open)
        {
            Opened(connection, database, options);
        }

        return connection;
    }

    /// <summary>Commits, and waits until the transaction is on every replica. Many that wait at once share an upload.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="database">The replication of its database.</param>
    /// <param name="cancellationToken">Gives up; what is committed by then stays committed, and will be replicated.</param>
    /// <returns>A position that contains the transaction, and that every replica can be restored to.</returns>
    /// <exception cref="SqliteException">The commit failed.</exception>
    /// <exception cref="LitestreamException">It is committed; the database or a replica is faulted, so that it is no use to wait.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled: before the commit, or while waiting after it.</exception>
    public static async Task<ReplicationPosition> CommitDurablyAsync(
        this SqliteTransaction transaction, ILitestreamDatabase database, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(database);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        return await database.WaitForReplicationAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Opened(SqliteConnection connection, ILitestreamDatabase database, LitestreamSqliteOptions options)
    {
        var settings = ConnectionSettings.Of(connection, options);
        settings.Database = database;
        if (options.TakeOverCheckpoints)
        {
            settings.TakeOverCheckpoints(BackstopPages);
        }
    }
}
