using Litestream;
using Litestream.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

// no-provider            Litestream starts before the application has chosen a provider
// probe DATABASE         with the library under the name sqlite3: reads a database as the capture does
// Prints "ok ..." or "refused: MESSAGE".
try
{
    switch (args)
    {
        case ["no-provider"]:
            SqliteLibrary.EnsureReady();
            Console.WriteLine("ok");
            return 0;

        case ["probe", var path]:
            raw.SetProvider(new SQLite3Provider_sqlite3());
            Console.WriteLine($"version {raw.sqlite3_libversion_number()}");
            Console.WriteLine("ok " + Probe(path));
            return 0;

        default:
            Console.Error.WriteLine("no-provider | probe DATABASE");
            return 2;
    }
}
catch (LitestreamException e)
{
    Console.WriteLine($"refused: {e.Message}");
    return 1;
}

static string Probe(string path)
{
    // First of all, before the application opens anything.
    SqliteLibrary.EnsureReady();
    using var app = new SqliteConnection($"Data Source={path};Pooling=False");
    app.Open();
    using var command = app.CreateCommand();
    command.CommandText = "PRAGMA journal_mode=wal; CREATE TABLE t(a); INSERT INTO t VALUES(1);";
    command.ExecuteNonQuery();

    using var connection = DatabaseConnection.Open(path, TimeSpan.FromSeconds(1));
    connection.EnsureWalMode();
    connection.BeginRead();
    var index = WalIndex.Attach(connection);
    var header = index.TryRead(out var read) ? read : throw new InvalidOperationException("No WAL-index.");
    var snapshot = connection.SnapshotHeader();
    var file = DatabaseFile.Attach(connection);
    var wal = new byte[file.WalSize()];
    return $"{raw.GetNativeLibraryName()} frames {header.MaxFrame} snapshot {snapshot == header} wal {file.ReadWal(0, wal) == wal.Length}";
}
