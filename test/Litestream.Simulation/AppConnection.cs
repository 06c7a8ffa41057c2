using Litestream.Sqlite;
using SQLitePCL;

namespace Litestream.Simulation;

/// <summary>A connection as an application has it: it checkpoints when it closes last, and waits for nobody.</summary>
internal sealed class AppConnection : IDisposable
{
    private readonly sqlite3 _db;

    public AppConnection(string path)
    {
        SqliteLibrary.EnsureReady();
        var rc = raw.sqlite3_open(path, out _db);
        if (rc != raw.SQLITE_OK)
        {
            throw new InvalidOperationException($"sqlite3_open: {rc}");
        }
    }

    /// <summary>True while a transaction of this connection is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>Executes statements.</summary>
    /// <returns>False if somebody else's lock was in the way.</returns>
    public bool TryExecute(string sql)
    {
        var rc = raw.sqlite3_exec(_db, sql, out var error);
        return (rc & 0xFF) switch
        {
            raw.SQLITE_OK => true,
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => false,
            _ => throw new InvalidOperationException($"{rc} {error}: {sql[..Math.Min(sql.Length, 80)]}"),
        };
    }

    /// <summary>One transaction; rolled back if a lock was in the way.</summary>
    /// <returns>True if it was committed.</returns>
    public bool TryCommit(params IEnumerable<string> statements)
    {
        if (!TryExecute("BEGIN IMMEDIATE"))
        {
            return false;
        }

        if (statements.All(TryExecute) && InTransaction && TryExecute("COMMIT"))
        {
            return true;
        }

        Rollback();
        return false;
    }

    public void Rollback()
    {
        if (InTransaction)
        {
            TryExecute("ROLLBACK");
        }
    }

    /// <summary>The integers of the first row; none if somebody else's lock was in the way.</summary>
    public long[] Row(string sql)
    {
        var rc = raw.sqlite3_prepare_v2(_db, sql, out var statement);
        if (rc != raw.SQLITE_OK)
        {
            return [];
        }

        using (statement)
        {
            return raw.sqlite3_step(statement) == raw.SQLITE_ROW
                ? [.. Enumerable.Range(0, raw.sqlite3_column_count(statement)).Select(i => raw.sqlite3_column_int64(statement, i))]
                : [];
        }
    }

    public void Dispose() => raw.sqlite3_close_v2(_db);
}
