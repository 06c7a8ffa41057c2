using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Litestream.Testing;

/// <summary>A database as an application has it: WAL mode, one pooled connection of Microsoft.Data.Sqlite kept open.</summary>
public sealed class AppDatabase : IDisposable
{
    public AppDatabase(TempDirectory directory, string name = "app.db", int pageSize = 4096, bool wal = true)
    {
        Path = directory.File(name);
        ConnectionString = new SqliteConnectionStringBuilder { DataSource = Path }.ToString();
        Connection = new SqliteConnection(ConnectionString);
        Connection.Open();
        Execute($"PRAGMA page_size={pageSize}");
        Execute("PRAGMA busy_timeout=5000");
        Execute("PRAGMA synchronous=OFF");
        if (wal)
        {
            Execute("PRAGMA journal_mode=wal");
        }
    }

    public string Path { get; }

    public string ConnectionString { get; }

    public SqliteConnection Connection { get; }

    /// <summary>Another connection of the application.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        return connection;
    }

    public void Execute(string sql) => Execute(Connection, sql);

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is the test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public long Scalar(string sql)
    {
        using var command = Connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is the test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Inserts rows into t(a), each a transaction of its own.</summary>
    public void Insert(int rows, int size = 100)
    {
        for (var i = 0; i < rows; i++)
        {
            Execute($"INSERT INTO t VALUES(randomblob({size}))");
        }
    }

    /// <summary>Closes the application's connections, those in the pool too.</summary>
    public void Close()
    {
        Connection.Close();
        SqliteConnection.ClearPool(Connection);
    }

    public void Dispose()
    {
        Close();
        Connection.Dispose();
    }
}
