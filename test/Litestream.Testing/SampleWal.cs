using Microsoft.Data.Sqlite;

namespace Litestream.Testing;

/// <summary>Bytes of WAL files that SQLite wrote.</summary>
public static class SampleWal
{
    /// <summary>The WAL of a new database after a few commits, one of them of several pages.</summary>
    public static byte[] Create(TempDirectory directory, int pageSize, int commits = 5)
    {
        var path = directory.File($"sample-{Guid.NewGuid():N}.db");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, $"PRAGMA page_size={pageSize}; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB)");
        for (var i = 0; i < commits; i++)
        {
            Execute(connection, $"INSERT INTO t(data) VALUES (randomblob({(i == 1 ? 5 * pageSize : 100)}))");
        }

        // Beside the open connection: after the last close it is gone. No lock of SQLite lies on a WAL file.
        using var wal = new FileStream($"{path}-wal", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[wal.Length];
        wal.ReadExactly(bytes);
        return bytes;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
