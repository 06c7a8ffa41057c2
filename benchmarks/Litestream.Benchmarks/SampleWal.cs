using Microsoft.Data.Sqlite;

namespace Litestream.Benchmarks;

/// <summary>A WAL as an application leaves it: rows of text and numbers, which compress like most data do.</summary>
internal static class SampleWal
{
    public static byte[] Create(int pageSize, int approximateSizeBytes)
    {
        var folder = Directory.CreateTempSubdirectory("litestream-net-benchmark-");
        try
        {
            var database = Path.Combine(folder.FullName, "sample.db");
            using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
            connection.Open();
            Execute(connection, $"PRAGMA page_size={pageSize}; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=OFF;");
            Execute(connection, "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, note TEXT, amount REAL)");
            var wal = new FileInfo(database + "-wal");
            for (var i = 0; wal.Length < approximateSizeBytes; i++)
            {
                Execute(connection, $"""
                    WITH RECURSIVE n (i) AS (SELECT {i * 500} UNION ALL SELECT i + 1 FROM n WHERE i < {(i * 500) + 499})
                    INSERT INTO orders (customer, note, amount)
                    SELECT 'customer ' || (i * 7919 % 1000), hex(randomblob(20)) || ' delivered on day ' || i, i * 1.25 FROM n;
                    """);
                wal.Refresh();
            }

            using var file = new FileStream(wal.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Execute(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.ExecuteNonQuery();
    }
}
