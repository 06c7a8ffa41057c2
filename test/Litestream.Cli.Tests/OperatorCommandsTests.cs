using System.Text.Json;
using Litestream.Testing;

namespace Litestream.Cli;

/// <summary>What the original does not have: snapshot, status, verify and doctor.</summary>
public sealed class OperatorCommandsTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly TempDirectory _folder = new();
    private readonly AppDatabase _database;

    public OperatorCommandsTests()
    {
        _database = new AppDatabase(_folder);
        _database.Execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        File.WriteAllText(Config, $"""
            dbs:
              - path: {_database.Path}
                replicas:
                  - path: {_folder.File("backup")}
                  - name: two
                    path: {_folder.File("second")}
              - path: {_folder.File("none.db")}
                replicas:
                  - path: {_folder.File("nothing")}
            """);
    }

    private string Config => _folder.File("litestream.yml");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_snapshot_uploads_what_is_committed_and_the_replica_verifies()
    {
        var (exitCode, output) = await RunAsync("snapshot", "-config", Config, _database.Path);
        exitCode.Should().Be(0, output);
        output.Split('\n').Should().HaveCount(3).And.Contain(line => line.StartsWith("two "));

        (exitCode, output) = await RunAsync("verify", "-json", "-temp", _folder.File("temporary"), "-config", Config, _database.Path);

        exitCode.Should().Be(0, output);

        // Both outputs come as one here, and a restore that takes long says how far it is.
        using var rows = JsonDocument.Parse(string.Join('\n', output.Split('\n').Where(line => !line.Contains(" % ("))));
        rows.RootElement.EnumerateArray().Select(row => row.GetProperty("replica").GetString()).Should().Equal("file", "two");
        rows.RootElement.EnumerateArray().Select(row => row.GetProperty("error").ValueKind).Should().AllBeEquivalentTo(JsonValueKind.Null);
        rows.RootElement[0].GetProperty("size").GetInt64().Should().BePositive();
        Directory.EnumerateFileSystemEntries(_folder.File("temporary")).Should().BeEmpty("what was restored is deleted again");
    }

    [Fact]
    public async Task Verify_finds_a_damaged_object_and_fails()
    {
        (await RunAsync("snapshot", "-config", Config, _database.Path)).ExitCode.Should().Be(0);
        var snapshot = Directory.EnumerateFiles(_folder.File("second"), "*.snapshot.lz4", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(snapshot);
        bytes[40] ^= 1;
        await File.WriteAllBytesAsync(snapshot, bytes);

        var (exitCode, output) = await RunAsync("verify", "-config", Config, _database.Path);

        exitCode.Should().Be(1, output);
        output.Should().MatchRegex("(?m)^file +ok").And.MatchRegex("(?m)^two +failed").And.Contain("error: two: ").And.Contain(Path.GetFileName(snapshot));
    }

    [Fact]
    public async Task Status_shows_every_replica_of_every_database()
    {
        (await RunAsync("snapshot", "-config", Config, _database.Path)).ExitCode.Should().Be(0);
        File.SetLastWriteTimeUtc(_database.Path, DateTime.UtcNow.AddHours(1));

        var (exitCode, output) = await RunAsync("status", "-json", "-config", Config);

        exitCode.Should().Be(0, output);
        using var rows = JsonDocument.Parse(output);
        rows.RootElement.EnumerateArray().Select(row => (row.GetProperty("replica").GetString(), row.GetProperty("state").GetString()))
            .Should().Equal(("file", "ok"), ("two", "ok"), ("file", "empty"));
        rows.RootElement[0].GetProperty("lagSeconds").GetDouble().Should().BeInRange(3000, 3700);
    }

    [Fact]
    public async Task A_replica_that_cannot_be_read_is_said_and_does_not_hide_the_others()
    {
        (await RunAsync("snapshot", "-config", Config, _database.Path)).ExitCode.Should().Be(0);
        Directory.Delete(_folder.File("second"), recursive: true);
        await File.WriteAllTextAsync(_folder.File("second"), "not a folder");

        var (exitCode, output) = await RunAsync("status", "-config", Config);

        exitCode.Should().Be(1, output);
        output.Should().MatchRegex(@"(?m)app\.db +file +ok ").And.MatchRegex(@"(?m)app\.db +two +unreadable ").And.Contain("error: the replica \"two\" could not be listed");
    }

    [Fact]
    public async Task No_second_process_takes_a_snapshot()
    {
        await using var program = ChildProcess.StartApp("Litestream.Cli", "replicate", "-config", Config);
        await program.WaitForLineAsync(line => line.Contains("[6011]"), Timeout);

        var (exitCode, output) = await RunAsync("snapshot", "-config", Config, _database.Path);

        exitCode.Should().Be(1);
        output.Should().Contain($"error: another process replicates {_database.Path}");
    }

    [Fact]
    public async Task The_doctor_says_what_a_store_cannot_do()
    {
        await File.WriteAllTextAsync(_folder.File("file"), "");

        var (well, _) = await RunAsync("doctor", "-config", Config, _database.Path);
        var (ill, output) = await RunAsync("doctor", "file://" + _folder.File("file") + "/below");

        (well, ill).Should().Be((0, 1));
        output.Should().MatchRegex("(?m)^file +no ").And.Contain("file: Writing fails");
    }

    private static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        var command = ChildProcess.AppCommand("Litestream.Cli", arguments);
        return ChildProcess.RunAsync(Timeout, command[0], command[1..]);
    }
}
