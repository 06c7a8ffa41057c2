using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Litestream.EntityFrameworkCore;

/// <summary>
/// What is set on one native connection, which outlives the <see cref="SqliteConnection"/> in its pool. Used by whoever uses
/// that connection, one at a time.
/// </summary>
internal sealed class ConnectionSettings
{
    private static readonly ConditionalWeakTable<sqlite3, ConnectionSettings> Known = [];

    private readonly sqlite3 _handle;
    private readonly int _autoCheckpoint;
    private int _now;

    private ConnectionSettings(SqliteConnection connection, LitestreamSqliteOptions options)
    {
        _handle = connection.Handle!;

        // Reading the pragma leaves a hook in place; 0 may be the application's own wish, or mean that it has a hook.
        _now = _autoCheckpoint = Pragma(connection, "wal_autocheckpoint");
        if (options.BusyTimeout > TimeSpan.Zero && Pragma(connection, "busy_timeout") == 0)
        {
            _ = raw.sqlite3_busy_timeout(_handle, (int)Math.Ceiling(options.BusyTimeout.TotalMilliseconds));
        }
    }

    /// <summary>The database that is replicated from this file; null if none was found.</summary>
    public ILitestreamDatabase? Database { get; set; }

    /// <summary>The settings of an open connection. What is to be set once is set when it is first seen.</summary>
    public static ConnectionSettings Of(SqliteConnection connection, LitestreamSqliteOptions options)
    {
        var handle = connection.Handle!;
        if (!Known.TryGetValue(handle, out var settings))
        {
            settings = new ConnectionSettings(connection, options);
            Known.AddOrUpdate(handle, settings);
        }

        return settings;
    }

    /// <summary>
    /// Takes auto-checkpoint over while the database is replicated, and gives it back when it is not: nobody else would keep
    /// the WAL from growing.
    /// </summary>
    /// <param name="pages">What it is set to meanwhile; 0 for off.</param>
    public void TakeOverCheckpoints(int pages)
    {
        if (_autoCheckpoint > 0)
        {
            Set(Database?.GetStatus().State == ReplicationState.Replicating ? pages : _autoCheckpoint);
        }
    }

    private void Set(int pages)
    {
        if (pages != _now)
        {
            _ = raw.sqlite3_wal_autocheckpoint(_handle, pages);
            _now = pages;
        }
    }

    private static int Pragma(SqliteConnection connection, string name)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // One of the two names above.
        command.CommandText = "PRAGMA " + name;
#pragma warning restore CA2100
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
