using Microsoft.Data.Sqlite;

namespace Litestream.Testing;

/// <summary>
/// Random transactions of an application, from a seed: inserts, updates and deletes of rows from a few bytes to several
/// pages, transactions larger than the page cache (their frames reach the WAL before the commit) and rollbacks.
/// </summary>
public sealed class Workload(string database, int seed)
{
    private readonly Random _random = new(seed);

    public int PageSize { get; init; } = 4096;

    /// <summary>After how many WAL pages this application's own connection checkpoints; 0: never.</summary>
    public int AutoCheckpoint { get; init; }

    /// <summary>The rows of the largest transaction.</summary>
    public int LargestTransaction { get; init; } = 40;

    public string ConnectionString { get; } = new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString();

    /// <summary>Creates the database if it is not there, in WAL mode and with this page size.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        Execute(connection, $"""
            PRAGMA page_size={PageSize};
            PRAGMA busy_timeout=10000;
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=NORMAL;
            PRAGMA wal_autocheckpoint={AutoCheckpoint};
            PRAGMA cache_size=20;
            CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, k INTEGER NOT NULL, v BLOB NOT NULL);
            CREATE INDEX IF NOT EXISTS t_k ON t (k);
            """);
        return connection;
    }

    /// <summary>One transaction. Returns whether it was committed.</summary>
    public bool Step(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction();
        var rows = _random.Next(100) < 5 ? _random.Next(1, LargestTransaction + 1) : _random.Next(1, 4);
        for (var i = 0; i < rows; i++)
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = _random.Next(10) switch
            {
                < 6 => "INSERT INTO t (k, v) VALUES ($k, randomblob($n))",
                < 9 => "UPDATE t SET k = $k, v = randomblob($n) WHERE id = (SELECT id FROM t WHERE id >= $k LIMIT 1)",
                _ => "DELETE FROM t WHERE id = (SELECT id FROM t WHERE id >= $k LIMIT 1) AND $n >= 0",
            };
            command.Parameters.AddWithValue("$k", _random.Next(1000));
            command.Parameters.AddWithValue("$n", _random.Next(10) == 0 ? _random.Next(2 * PageSize) : _random.Next(200));
            command.ExecuteNonQuery();
        }

        if (_random.Next(20) == 0)
        {
            transaction.Rollback();
            return false;
        }

        transaction.Commit();
        return true;
    }

    public static void Execute(SqliteConnection connection, string statements)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statements;
        command.ExecuteNonQuery();
    }
}
