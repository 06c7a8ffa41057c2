using System.Data.Common;
using System.Runtime.CompilerServices;
using Litestream.EntityFrameworkCore.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Litestream.EntityFrameworkCore;

/// <summary>
/// Sets up each connection that EF Core opens, and tells the replication of what EF Core commits. A convenience: commits are
/// noticed without it. Thread-safe.
/// </summary>
internal sealed class LitestreamInterceptor(LitestreamSqliteOptions options)
    : IDbConnectionInterceptor, IDbTransactionInterceptor, IDbCommandInterceptor, ISaveChangesInterceptor
{
    // EF Core closes a connection before it says that changes were saved.
    private static readonly ConditionalWeakTable<SqliteConnection, ConnectionSettings> Opens = [];

    /// <summary>What the application named; null to ask its services.</summary>
    public ILitestream? Litestream => options.Litestream;

    public void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Opened(connection, eventData.Context);

    public Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Opened(connection, eventData.Context);
        return Task.CompletedTask;
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Committed(eventData.Context);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Committed(eventData.Context);
        return Task.CompletedTask;
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        CommittedOutsideTransaction(eventData.Context);
        return result;
    }

    public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        CommittedOutsideTransaction(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        CommittedOutsideTransaction(eventData.Context);
        return result;
    }

    public ValueTask<int> NonQueryExecutedAsync(
        DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        CommittedOutsideTransaction(eventData.Context);
        return ValueTask.FromResult(result);
    }

    private void Opened(DbConnection connection, DbContext? context)
    {
        if (connection is not SqliteConnection { Handle: not null } sqlite)
        {
            return;
        }

        var settings = ConnectionSettings.Of(sqlite, options);

        // A connection of the pool may have been opened for another host, or before the database was added.
        if (ContextServices.FindLitestream(context, Litestream) is { } current
            && (settings.Database is not { } known || !ReplicatedDatabases.Has(current, known)))
        {
            settings.Database = ReplicatedDatabases.Find(current, sqlite);
            if (settings.Database is null && ReplicatedDatabases.IsFirstMissOf(current, sqlite.DataSource))
            {
                Log.NotReplicated(ContextServices.Logger(context), sqlite.DataSource);
            }
        }

        Opens.AddOrUpdate(sqlite, settings);
        TakeOverCheckpoints(settings);
    }

    private void CommittedOutsideTransaction(DbContext? context)
    {
        if (context?.Database.CurrentTransaction is null)
        {
            Committed(context);
        }
    }

    private void Committed(DbContext? context)
    {
        if (context?.Database.GetDbConnection() is not SqliteConnection connection || !Opens.TryGetValue(connection, out var settings))
        {
            return;
        }

        if (connection.Handle is not null)
        {
            // It stays open: there is no other moment to see that the replication has ended.
            TakeOverCheckpoints(settings);
        }

        settings.Database?.NotifyChanged();
    }

    private void TakeOverCheckpoints(ConnectionSettings settings)
    {
        if (options.TakeOverCheckpoints)
        {
            settings.TakeOverCheckpoints(pages: 0);
        }
    }
}
