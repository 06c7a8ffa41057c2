using Litestream.Crash.Durability;
using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Crash;

/// <summary>
/// kill -9 in the middle of an in-place restore: a system call of the exchange is held up when it has been done, and the
/// process never gets to the next one.
/// </summary>
public sealed class ExchangeTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private static readonly string[] Old = ["one", "two", "three"];
    private static readonly string[] New = ["one", "two"];

    private readonly TempDirectory _directory = new();

    private string Database => _directory.File("app.db");

    private string Restored => Database + ".litestream-net-restored";

    private string State => _directory.File(".app.db-litestream-net/state");

    private string? Previous => Directory.EnumerateFiles(_directory.Path, "app.db.before-restore-*").SingleOrDefault();

    public void Dispose() => _directory.Dispose();

    [StraceTheory]
    [InlineData("the WAL is gone")]
    [InlineData("the generation is forgotten")]
    [InlineData("the old one has its second name")]
    [InlineData("the new one has the first name")]
    [InlineData("all is done")]
    public async Task Killed_when(string point)
    {
        var begun = point is not ("the WAL is gone" or "the generation is forgotten" or "the old one has its second name");
        var (path, calls, reached) = Find(point);

        var acknowledged = await ExchangeAndKillAsync(path, calls, reached);

        // What there is when nobody has cleaned up.
        if (point != "all is done")
        {
            Directory.EnumerateFiles(_directory.Path, "app.db-*").Should().BeEmpty("a WAL of the one would be replayed into the other");
            (Previous is null || !File.Exists(State)).Should().BeTrue("no generation may be gone on with once the files are being exchanged");
        }

        (Previous is not null).Should().Be(begun || point == "the old one has its second name");

        // The next start.
        await using var app = new ReplicatedApp(_directory);
        await app.StartAsync();
        Texts(Database).Should().Equal(begun ? New : Old);
        Insert("after");
        var position = await app.SyncAsync();
        string[] expected = [.. begun ? New : Old, "after"];
        await app.RestoreAsync(_directory.File("copy.db"), options => (options.Position, options.IntegrityCheck) = (position, IntegrityCheck.Full));
        Texts(_directory.File("copy.db")).Should().Equal(expected);
        position.ToString().Split('/')[0].Should().NotBe(acknowledged.Split('/')[0]);

        // The history before.
        await app.RestoreAsync(_directory.File("before.db"), options => options.Generation = acknowledged.Split('/')[0]);
        Texts(_directory.File("before.db")).Should().Equal(Old, "the last commits were uploaded before the exchange");
        if (begun)
        {
            Texts(Previous!).Should().Equal(Old);
        }
        else
        {
            Previous.Should().BeNull("it would be a second name of the live database");
        }

        // And again, to the end.
        SqliteConnection.ClearAllPools();
        var again = await app.Engine.RestoreInPlaceAsync(
            new InPlaceRestoreOptions
            {
                Restore = new RestoreOptions { Position = position },
                CloseConnections = _ => Task.CompletedTask,
            },
            CancellationToken.None);
        Texts(again.PreviousPath!).Should().Equal(expected);
        Texts(Database).Should().Equal(expected);
        File.Exists(Restored).Should().BeFalse();
        await app.StopAsync();
    }

    private (string Path, string Calls, Func<bool> Reached) Find(string point) => point switch
    {
        "the WAL is gone" => (Database + "-wal", "?unlink,?unlinkat", () => !File.Exists(Database + "-wal")),
        "the generation is forgotten" => (State, "?unlink,?unlinkat", () => !File.Exists(State)),
        "the old one has its second name" => (Database, "?link,?linkat", () => Previous is not null),

        // Not renameat2, by which the restored file gets its own name before.
        "the new one has the first name" => (Restored, "?rename,?renameat", () => Previous is not null && !File.Exists(Restored)),
        "all is done" => (_directory.File("nothing"), "?link", () => true),
        _ => throw new ArgumentOutOfRangeException(nameof(point), point, message: null),
    };

    /// <returns>The position that was restored.</returns>
    private async Task<string> ExchangeAndKillAsync(string path, string calls, Func<bool> reached)
    {
        string[] command =
        [
            .. TracedProcess.Behind(calls, "delay_exit=600s", path),
            .. ChildProcess.AppCommand("Litestream.TestApp", "replicate", Database, _directory.File("replica")),
        ];
        await using var process = ChildProcess.Start(command[0], command[1..]);
        await AskAsync("", "replicating");
        await AskAsync("insert one", "inserted");
        await AskAsync("insert two", "inserted");
        var acknowledged = await AskAsync("sync", "synced ");
        await AskAsync("insert three", "inserted");
        await AskAsync("restore", path.EndsWith("nothing", StringComparison.Ordinal) ? "exchanged " : "closed");
        await TracedProcess.UntilAsync(reached, () => process.Output, "the exchange should get there");
        await TracedProcess.KillAsync(process);
        return acknowledged["synced ".Length..];

        async Task<string> AskAsync(string question, string answer)
        {
            if (question.Length > 0)
            {
                process.WriteLine(question);
            }

            return await process.WaitForLineAsync(line => line.StartsWith(answer, StringComparison.Ordinal), Timeout);
        }
    }

    private void Insert(string text)
    {
        using var connection = Open(Database);
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO t VALUES($text)";
        command.Parameters.AddWithValue("$text", text);
        command.ExecuteNonQuery();
    }

    private static List<string> Texts(string database)
    {
        using var connection = Open(database);
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().Should().Be("ok");
        command.CommandText = "SELECT x FROM t ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var texts = new List<string>();
        while (reader.Read())
        {
            texts.Add(reader.GetString(0));
        }

        return texts;
    }

    private static SqliteConnection Open(string database)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
