using System.Globalization;
using System.Text;

namespace Litestream.Simulation;

/// <summary>
/// What an application does to its database: small and large transactions, spills, rollbacks, deletions, vacuums, changes of
/// the schema, readers that stand still. All content comes from the seed.
/// </summary>
internal sealed class Application(string path, Swarm swarm, Random random) : IDisposable
{
    private const int MostRows = 80;

    // A power cut may take the first commits too.
    private const string Table = "CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, k INTEGER, v BLOB)";

    private AppConnection? _writer;
    private AppConnection? _reader;
    private AppConnection? _stranger;

    private AppConnection Writer => _writer ??= OpenWriter();

    /// <summary>Creates the database.</summary>
    public void Create() => Writer.TryExecute($"{Table}; CREATE INDEX t_k ON t(k)");

    /// <summary>One of the things that applications do.</summary>
    /// <returns>What it was, and whether something was committed.</returns>
    public (string What, bool Committed) Act() => random.Next(100) switch
    {
        < 55 => ("small", Writer.TryCommit(Changes(random.Next(1, 4), 200))),
        < 65 => ("large", Large(commit: true)),
        < 70 => ("rolled back", Large(commit: false)),
        < 75 => ("savepoint", Writer.TryCommit([.. Changes(1, 100), "SAVEPOINT s", .. Changes(4, 2000), "ROLLBACK TO s", .. Changes(1, 100)])),
        < 80 => ("delete", Writer.TryCommit(Table, $"DELETE FROM t WHERE id % {random.Next(2, 6)} = 0")),
        < 84 => ("schema", Writer.TryCommit($"CREATE TABLE IF NOT EXISTS x{random.Next(5)}(a)", $"DROP TABLE IF EXISTS x{random.Next(5)}")),
        < 90 when swarm.Vacuums => ("vacuum", Writer.TryExecute(random.Next(2) == 0 ? "VACUUM" : "PRAGMA incremental_vacuum")),
        < 95 when swarm.LongReaders => ("reader", ToggleReader()),
        _ => ("small", Writer.TryCommit(Changes(1, 400))),
    };

    /// <summary>A transaction larger than a segment may be.</summary>
    public bool Swell() => Writer.TryCommit(Table, "INSERT OR REPLACE INTO t VALUES(-1, 0, zeroblob(9000000))");

    /// <summary>Its content goes again.</summary>
    public bool Shrink() => Writer.TryCommit(Table, "DELETE FROM t WHERE id = -1") && Writer.TryExecute("VACUUM");

    /// <summary>Somebody checkpoints who is not the engine.</summary>
    public string Checkpoint()
    {
        _stranger ??= new AppConnection(path);
        var mode = new[] { "PASSIVE", "FULL", "RESTART", "TRUNCATE" }[random.Next(4)];
        var row = _stranger.Row($"PRAGMA wal_checkpoint({mode})");
        return $"{mode} {string.Join('|', row)}";
    }

    /// <summary>Checkpoints without being in anybody's way.</summary>
    /// <returns>Frames in the WAL, and how many of them are in the database now.</returns>
    public (long Frames, long Backfilled)? CheckpointPassive()
    {
        _stranger ??= new AppConnection(path);
        return _stranger.Row("PRAGMA wal_checkpoint(PASSIVE)") is [0, var frames, var backfilled] ? (frames, backfilled) : null;
    }

    /// <summary>True while a reader of the application stands still.</summary>
    public bool HasReader => _reader is { InTransaction: true };

    /// <summary>Closes everything; if nobody else has the database open, SQLite removes the WAL.</summary>
    public void Close()
    {
        _reader?.Dispose();
        _stranger?.Dispose();
        _writer?.Dispose();
        (_reader, _stranger, _writer) = (null, null, null);
    }

    /// <summary>Gives the database pages of another size; nobody else may have it open.</summary>
    public void ChangePageSize()
    {
        Close();
        using var connection = new AppConnection(path);
        var size = new[] { 512, 1024, 2048, 4096 }[random.Next(4)];
        _ = connection.TryExecute("PRAGMA journal_mode=DELETE")
            && connection.TryExecute($"PRAGMA page_size={size}; VACUUM;");
        connection.TryExecute("PRAGMA journal_mode=WAL");
    }

    /// <summary>The statements of a transaction.</summary>
    public IEnumerable<string> Changes(int rows, int largest)
    {
        yield return Table;
        for (var i = 0; i < rows; i++)
        {
            var id = random.Next(MostRows);
            yield return random.Next(8) switch
            {
                < 5 => $"INSERT OR REPLACE INTO t VALUES({id}, {random.Next(1000)}, X'{Content(random.Next(largest))}')",
                < 7 => $"UPDATE t SET k = {random.Next(1000)} WHERE id >= {id} AND id < {id + 3}",
                _ => $"DELETE FROM t WHERE id = {id}",
            };
        }

        // Whatever the others do, something changes.
        yield return $"INSERT OR REPLACE INTO t VALUES({MostRows + random.Next(3)}, {random.Next()}, X'{Content(8)}')";
    }

    public void Dispose() => Close();

    private AppConnection OpenWriter()
    {
        var writer = new AppConnection(path);
        writer.TryExecute($"""
            PRAGMA page_size={swarm.PageSize};
            PRAGMA auto_vacuum={swarm.AutoVacuum};
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=NORMAL;
            PRAGMA cache_size=8;
            PRAGMA wal_autocheckpoint={swarm.AutoCheckpoint};
            """);
        return writer;
    }

    private bool Large(bool commit)
    {
        if (commit)
        {
            return Writer.TryCommit(Changes(random.Next(10, 40), 2000));
        }

        Writer.TryCommit([.. Changes(random.Next(10, 40), 2000), "ROLLBACK"]);
        return false;
    }

    private bool ToggleReader()
    {
        if (_reader is { InTransaction: true })
        {
            _reader.Rollback();
        }
        else
        {
            _reader ??= new AppConnection(path);
            _reader.TryExecute("BEGIN; SELECT count(*) FROM sqlite_schema");
        }

        return false;
    }

    private string Content(int bytes)
    {
        var content = new StringBuilder(2 * bytes);
        for (var i = 0; i < bytes; i++)
        {
            content.Append(random.Next(256).ToString("x2", CultureInfo.InvariantCulture));
        }

        return content.ToString();
    }
}
