using Microsoft.Data.Sqlite;

namespace Litestream.Soak;

/// <summary>One database of the application, and where it is replicated to.</summary>
internal sealed record SoakDatabase
{
    public required string Name { get; init; }

    public required string Path { get; init; }

    public required int PageSize { get; init; }

    /// <summary>The application deletes what is older than its newest so many rows: a database keeps its size.</summary>
    public required int Rows { get; init; }

    /// <summary>After how many pages the application's own connection checkpoints; 0: never.</summary>
    public required int AutoCheckpoint { get; init; }

    /// <summary>Names of replicas, and their URLs.</summary>
    public required IReadOnlyList<(string Name, string Url)> Replicas { get; init; }

    public string MetaPath => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path)!, $".{System.IO.Path.GetFileName(Path)}-litestream-net");

    private string ConnectionString => new SqliteConnectionStringBuilder { DataSource = Path }.ToString();

    /// <summary>A connection of the application, as it has them: pooled.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        Execute(connection, $"PRAGMA wal_autocheckpoint={AutoCheckpoint}; PRAGMA synchronous=NORMAL;");
        return connection;
    }

    /// <summary>With as many rows as it will have: what grows later grows for another reason.</summary>
    public void Create()
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        Execute(connection, $"""
            PRAGMA page_size={PageSize};
            PRAGMA journal_mode=WAL;
            CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY AUTOINCREMENT, k INTEGER NOT NULL, body BLOB NOT NULL);
            CREATE INDEX IF NOT EXISTS entry_k ON entry (k);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Rows})
            INSERT INTO entry (k, body) SELECT abs(random() % 10000), randomblob(abs(random() % {PageSize / 4})) FROM n;
            """);
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is this program's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
