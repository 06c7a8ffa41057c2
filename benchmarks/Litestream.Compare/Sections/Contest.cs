using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Microsoft.Data.Sqlite;

namespace Litestream.Compare.Sections;

/// <summary>What the sections share.</summary>
internal sealed class Contest(Settings settings, Results results, string scratch)
{
    private int _folders;

    public Settings Settings => settings;

    public Results Results => results;

    public string? Litestream => settings.Litestream;

    /// <summary>All who replicate, in the order in which they take turns.</summary>
    public IReadOnlyList<Variant> Variants { get; } =
        settings.Litestream is null ? [Variant.Ours, Variant.OursFast] : [Variant.Ours, Variant.Theirs, Variant.OursFast, Variant.TheirsFast];

    /// <summary>The same, and this library compiled ahead of time, where the application does nothing but replicate.</summary>
    public IEnumerable<Variant> Replicators => settings.Native is null ? Variants : Variants.Append(Variant.OursNative);

    /// <summary>How an application with this library in it is started.</summary>
    public (string Program, string[] Arguments) OursAs(Variant variant, params string[] work) =>
        variant.IsNative ? (settings.Native!, ["worker", .. work]) : MeasuredProcess.WorkerCommand(work);

    /// <summary>Replicas to restore are kept here.</summary>
    public string Fixtures => settings.Folder ?? Path.Combine(scratch, "fixtures");

    public T Pick<T>(T full, T quick) => settings.Quick ? quick : full;

    public string NewFolder()
    {
        var folder = Path.Combine(scratch, string.Create(CultureInfo.InvariantCulture, $"run{_folders++}"));
        Directory.CreateDirectory(folder);
        return folder;
    }

    /// <summary>Creates a database in WAL mode with an empty table.</summary>
    public static SqliteConnection CreateDatabase(string path, string options = "")
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode=wal; CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB NOT NULL);" + options);
        return connection;
    }

    /// <summary>Half of it is random, half of it repeats, as data does; about 4 KiB a row.</summary>
    public static void Fill(SqliteConnection connection, long bytes) => Execute(connection, string.Create(CultureInfo.InvariantCulture,
        $"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Math.Max(1, bytes / 3950)}) INSERT INTO t (v) SELECT randomblob(1800) || printf('%.1900c', 'x') FROM n"));

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is this program's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is this program's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Waits for something that a measured program does.</summary>
    public static async Task UntilAsync(Func<bool> condition, MeasuredProcess process, int pollMilliseconds = 2)
    {
        for (var deadline = DateTime.UtcNow.AddMinutes(3); !condition(); await Task.Delay(pollMilliseconds))
        {
            if (DateTime.UtcNow > deadline || process.HasExited)
            {
                throw new TimeoutException($"A measured program did not do what was waited for: {process.Output}");
            }
        }
    }

    /// <summary>Whether a replica in a folder has a snapshot and WAL.</summary>
    public static bool HasBegun(string replica) => FindFiles(replica, "*.snapshot.lz4").Any() && FindFiles(replica, "*.wal.lz4").Any();

    public static IEnumerable<string> FindFiles(string folder, string pattern)
    {
        try
        {
            return Directory.GetFiles(folder, pattern, SearchOption.AllDirectories);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
