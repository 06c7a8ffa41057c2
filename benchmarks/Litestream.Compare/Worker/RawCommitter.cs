using SQLitePCL;

namespace Litestream.Compare.Worker;

/// <summary>SQLite's functions, nothing set: synchronous FULL, no busy time-out. A busy database is tried again a millisecond later.</summary>
internal sealed class RawCommitter : ICommitter
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _insert;

    public RawCommitter(string path)
    {
        Batteries_V2.Init();
        Check(raw.sqlite3_open(path, out _database));
        Check(raw.sqlite3_prepare_v2(_database, "INSERT INTO t (v) VALUES (randomblob(500))", out _insert));
    }

    public int Commit()
    {
        for (var busy = 0; ; busy++)
        {
            var rc = raw.sqlite3_step(_insert);
            _ = raw.sqlite3_reset(_insert);
            if (rc != raw.SQLITE_BUSY)
            {
                Check(rc);
                return busy;
            }

            Thread.Sleep(1);
        }
    }

    public void Dispose()
    {
        _insert.Dispose();
        _database.Dispose();
    }

    private static void Check(int rc)
    {
        if (rc is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            throw new InvalidOperationException($"SQLite says {rc}.");
        }
    }
}
