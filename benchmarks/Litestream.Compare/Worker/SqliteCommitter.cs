using Microsoft.Data.Sqlite;

namespace Litestream.Compare.Worker;

/// <summary>Microsoft.Data.Sqlite as it comes: synchronous FULL; a busy database is tried again after 150 ms, unseen.</summary>
internal sealed class SqliteCommitter : ICommitter
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;

    public SqliteCommitter(string path, ILitestreamDatabase? used)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        if (used is not null)
        {
            _connection.UseLitestream(used);
        }

        _connection.Open();
        _insert = _connection.CreateCommand();
        _insert.CommandText = "INSERT INTO t (v) VALUES (randomblob(500))";
    }

    public int Commit()
    {
        _insert.ExecuteNonQuery();
        return 0;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }
}
