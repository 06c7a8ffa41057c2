using System.Globalization;

namespace Litestream.Testing.Stress;

/// <summary>
/// Random transactions as text, which any SQLite can run: small ones, ones that spill the page cache into the WAL before
/// they commit, rollbacks, savepoints, deletes that free pages, vacuums, schema changes.
/// </summary>
/// <param name="random">Decides.</param>
/// <param name="pageSize">Rows come in sizes that fill a part of a page or several.</param>
/// <param name="savepoints">
/// Whether savepoints are rolled back. Not by the old sqlite3: 3.40.1 then commits frames without salts and checksum when the
/// page cache has spilled (the WAL could not be recovered after a crash either); 3.53.3 does not.
/// </param>
public sealed class StressScript(Random random, int pageSize, bool savepoints)
{
    private static readonly int[] AutoCheckpoints = [0, 1, 1, 10, 10, 100, 1000];
    private static readonly int[] CacheSizes = [2, 10, 50, 2000];

    public const string Schema = """
        CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, k INTEGER NOT NULL, v BLOB NOT NULL);
        CREATE INDEX IF NOT EXISTS t_k ON t (k);
        CREATE TABLE IF NOT EXISTS u (a, b);
        """;

    /// <summary>What an application sets on a connection.</summary>
    public string Settings() => string.Create(
        CultureInfo.InvariantCulture,
        $"PRAGMA wal_autocheckpoint={Pick(AutoCheckpoints)};PRAGMA cache_size={Pick(CacheSizes)};PRAGMA synchronous={(random.Next(4) == 0 ? 1 : 0)};PRAGMA journal_size_limit={(random.Next(3) == 0 ? random.Next(20) * pageSize : -1)};");

    /// <summary>One transaction, or now and then a statement that is none.</summary>
    public string Next() => random.Next(1000) switch
    {
        < 2 => "VACUUM;",
        < 15 => string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({random.Next(1, 20)});"),
        < 20 => Settings(),
        < 25 => $"BEGIN IMMEDIATE;DROP TABLE u;CREATE TABLE u (a, b);{Change()}{End()};",
        < 65 when savepoints => $"BEGIN IMMEDIATE;{Change()}SAVEPOINT s;{Change()}{Bulk()}ROLLBACK TO s;{Change()}RELEASE s;{End()};",
        < 110 => $"BEGIN IMMEDIATE;{Bulk()}{Change()}{End()};",
        < 150 => "DELETE FROM t WHERE (SELECT count(*) FROM t) > 300 AND id % 3 = 0;",
        < 250 => $"BEGIN IMMEDIATE;{Change()}{Change()}{Change()}{End()};",
        _ => Change(),
    };

    private string Change() => random.Next(10) switch
    {
        < 5 => string.Create(CultureInfo.InvariantCulture, $"INSERT INTO t (k, v) VALUES ({random.Next(1000)}, randomblob({Size()}));"),
        < 8 => string.Create(CultureInfo.InvariantCulture, $"UPDATE t SET k = {random.Next(1000)}, v = randomblob({Size()}) WHERE id = (SELECT id FROM t WHERE k >= {random.Next(1000)} LIMIT 1);"),
        < 9 => string.Create(CultureInfo.InvariantCulture, $"DELETE FROM t WHERE id IN (SELECT id FROM t WHERE k >= {random.Next(1000)} LIMIT {random.Next(1, 6)});"),
        _ => string.Create(CultureInfo.InvariantCulture, $"INSERT INTO u VALUES ({random.Next()}, randomblob({random.Next(30)}));"),
    };

    private string Bulk() => string.Create(
        CultureInfo.InvariantCulture,
        $"WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < {random.Next(5, 80)}) INSERT INTO t (k, v) SELECT i, randomblob({random.Next(10, 300)}) FROM c;");

    private string End() => random.Next(4) == 0 ? "ROLLBACK" : "COMMIT";

    private int Size() => random.Next(12) == 0 ? random.Next(3 * Math.Min(pageSize, 8192)) : random.Next(150);

    private int Pick(int[] from) => from[random.Next(from.Length)];
}
