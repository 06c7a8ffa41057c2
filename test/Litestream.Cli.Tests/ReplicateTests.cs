using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Litestream.Testing;

namespace Litestream.Cli;

/// <summary>The service, as a process of its own: signals, the program beside it, the service manager's socket, the metrics.</summary>
public sealed class ReplicateTests : IDisposable
{
    private const string Ready = "[6011]";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly TempDirectory _folder = new();
    private readonly AppDatabase _database;

    public ReplicateTests()
    {
        _database = new AppDatabase(_folder);
        _database.Execute("CREATE TABLE t (x)");
    }

    private string Url => "file://" + _folder.File("backup");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
    }

    [UnixFact]
    public async Task What_was_committed_before_the_signal_to_stop_is_on_the_replica_after_it()
    {
        await using var program = Start([], "replicate", _database.Path, Url);
        await program.WaitForLineAsync(line => line.Contains(Ready), Timeout);
        _database.Execute("INSERT INTO t VALUES (1)");

        program.Terminate();

        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        (await CountAsync("backup")).Should().Be(1);
    }

    [UnixFact]
    public async Task Several_replicas_of_one_kind_can_be_named_on_the_command_line()
    {
        await using var program = Start([], "replicate", _database.Path, Url, "file://" + _folder.File("second"));
        await program.WaitForLineAsync(line => line.Contains(Ready), Timeout);
        _database.Execute("INSERT INTO t VALUES (1)");

        program.Terminate();

        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        (await CountAsync("backup"), await CountAsync("second")).Should().Be((1, 1));
    }

    [UnixFact]
    public Task With_the_program_beside_it_ends_the_replication() => EndsWithProgramAsync(0, 0);

    [UnixFact]
    public Task A_failure_of_the_program_beside_it_is_exit_code_1() => EndsWithProgramAsync(3, 1);

    [UnixFact]
    public async Task The_program_beside_it_ends_first_and_its_last_words_are_uploaded()
    {
        // Told to end, it says so, and ends once something has been written.
        var (script, written) = (_folder.File("app.sh"), _folder.File("written"));
        await File.WriteAllTextAsync(script, $"""
            trap 'echo ending; while [ ! -e {written} ]; do sleep 0.05; done; exit 0' TERM
            echo listening
            while :; do sleep 0.05; done
            """);
        await using var program = Start([], "replicate", "-exec", $"sh {script}", _database.Path, Url);
        await program.WaitForLineAsync(line => line.Contains("listening"), Timeout);

        program.Terminate();
        await program.WaitForLineAsync(line => line.Contains("ending"), Timeout);
        _database.Execute("INSERT INTO t VALUES (2)");
        await File.WriteAllTextAsync(written, "");

        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        (await CountAsync("backup")).Should().Be(1);
        program.Output.IndexOf("[6021]", StringComparison.Ordinal).Should().BeGreaterThan(program.Output.IndexOf("[6020]", StringComparison.Ordinal), program.Output);
    }

    [UnixFact]
    public async Task A_program_that_cannot_be_started_is_an_error()
    {
        await using var program = Start([], "replicate", "-exec", "/nothing/there", _database.Path, Url);

        (await program.WaitForExitAsync(Timeout)).Should().Be(1);

        program.Output.Should().Contain("error: cannot start the program of -exec, '/nothing/there'");
    }

    [UnixFact]
    public async Task A_hang_up_takes_up_the_changed_file_and_a_broken_one_changes_nothing()
    {
        using var second = new AppDatabase(_folder, "second.db");
        second.Execute("CREATE TABLE t (x)");
        var config = _folder.File("litestream.yml");
        await File.WriteAllTextAsync(config, Entry(_database, "backup"));
        await using var program = Start([], "replicate", "-config", config);
        await program.WaitForLineAsync(line => line.Contains(Ready), Timeout);

        await File.WriteAllTextAsync(config, Entry(_database, "backup") + Entry(second, "backup-2").Replace("dbs:\n", "", StringComparison.Ordinal));
        await HangUpAsync(program);
        await program.WaitForLineAsync(line => line.Contains("[6015]"), Timeout);
        await File.WriteAllTextAsync(config, "dbs: [\n");
        await HangUpAsync(program);
        await program.WaitForLineAsync(line => line.Contains("[6016]") && line.Contains("litestream.yml:2: is not valid YAML"), Timeout);

        _database.Execute("INSERT INTO t VALUES (1)");
        second.Execute("INSERT INTO t VALUES (1)");
        program.Terminate();
        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        (await CountAsync("backup"), await CountAsync("backup-2")).Should().Be((1, 1));
        Directory.EnumerateDirectories(Path.Combine(_folder.File("backup"), "generations")).Should().ContainSingle("a changed configuration does not break the history");
    }

    [UnixFact]
    public async Task A_database_that_is_missing_is_waited_for_and_not_restored()
    {
        var config = _folder.File("litestream.yml");
        await File.WriteAllTextAsync(config, $"dbs:\n  - path: {_folder.File("later.db")}\n    replicas:\n      - path: {_folder.File("later")}\n");
        await using var program = Start([], "replicate", "-config", config);
        await program.WaitForLineAsync(line => line.Contains(Ready), Timeout);
        File.Exists(_folder.File("later.db")).Should().BeFalse();

        using var later = new AppDatabase(_folder, "later.db");
        later.Execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        await program.WaitForLineAsync(line => line.Contains("[3001]"), Timeout);

        program.Terminate();
        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        (await CountAsync("later")).Should().Be(1);
    }

    [UnixFact]
    public async Task A_database_that_is_gone_is_not_restored_behind_anybodys_back()
    {
        await using (var before = Start([], "replicate", _database.Path, Url))
        {
            await before.WaitForLineAsync(line => line.Contains("[3001]"), Timeout);
            before.Terminate();
            (await before.WaitForExitAsync(Timeout)).Should().Be(0, before.Output);
        }

        _database.Close();
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "app.db*"))
        {
            File.Delete(file);
        }

        await using var program = Start([], "replicate", _database.Path, Url);
        await program.WaitForLineAsync(line => line.Contains(Ready), Timeout);
        program.Terminate();
        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
        File.Exists(_database.Path).Should().BeFalse();
    }

    [UnixFact]
    public async Task The_service_manager_hears_that_it_is_ready_alive_reloading_and_stopping()
    {
        using var socket = new NotifySocket(_folder.File("notify"));
        var config = _folder.File("litestream.yml");
        await File.WriteAllTextAsync(config, Entry(_database, "backup"));
        await using var program = Start(
            new() { ["NOTIFY_SOCKET"] = socket.Path, ["WATCHDOG_USEC"] = "60000000" }, "replicate", "-config", config);

        await socket.WaitForAsync("READY=1");
        await socket.WaitForAsync("WATCHDOG=1");
        await HangUpAsync(program);
        await socket.WaitForAsync("RELOADING=1\nMONOTONIC_USEC=");
        await socket.WaitForAsync("READY=1", times: 2);
        program.Terminate();
        await socket.WaitForAsync("STOPPING=1");

        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
    }

    [UnixFact]
    public async Task The_metrics_have_the_names_of_Litestream_and_the_lag()
    {
        var config = _folder.File("litestream.yml");
        var (program, port) = await StartWithMetricsAsync(config);
        await using var _ = program;
        await program.WaitForLineAsync(line => line.Contains("[3001]"), Timeout);
        _database.Execute("INSERT INTO t VALUES (1)");
        using var http = new HttpClient();
        var url = new Uri($"http://127.0.0.1:{port}/metrics");
        var labels = $$"""{db="{{_database.Path}}",name="file"}""";

        var metrics = await http.GetStringAsync(url);
        var patience = Stopwatch.StartNew();
        while (metrics.Contains($"litestream_replica_wal_offset{labels} 0", StringComparison.Ordinal) && patience.Elapsed < Timeout)
        {
            await Task.Delay(20);
            metrics = await http.GetStringAsync(url);
        }

        foreach (var name in (string[])
            ["db_size", "wal_size", "shadow_wal_index", "shadow_wal_size", "total_wal_bytes", "sync_count", "sync_error_count", "sync_seconds"])
        {
            metrics.Should().Contain($$"""litestream_{{name}}{db="{{_database.Path}}"} """);
        }

        metrics.Should().NotContain($"litestream_replica_wal_offset{labels} 0").And.Contain($"litestream_replica_wal_offset{labels} ")
            .And.Contain($"litestream_replica_wal_index{labels} 0")
            .And.MatchRegex($"litestream_replica_wal_bytes{Regex.Escape(labels)} [1-9][0-9]*\\n")
            .And.Contain($"litestream_replica_lag_seconds{labels} ")
            .And.Contain($"litestream_replica_up{labels} 1")
            .And.Contain("litestream_replica_operation_total{replica_type=\"file\",operation=\"PUT\"} ")
            .And.Contain("litestream_replica_operation_bytes{replica_type=\"file\",operation=\"PUT\"} ")
            .And.Contain($$"""litestream_replica_validation_total{db="{{_database.Path}}",name="file",status="ok"} 0""");
        program.Terminate();
        (await program.WaitForExitAsync(Timeout)).Should().Be(0, program.Output);
    }

    [UnixFact]
    public async Task An_address_for_metrics_without_a_port_is_an_error()
    {
        var config = _folder.File("litestream.yml");
        await File.WriteAllTextAsync(config, "addr: localhost\n" + Entry(_database, "backup"));
        await using var program = Start([], "replicate", "-config", config);

        (await program.WaitForExitAsync(Timeout)).Should().Be(1);

        program.Output.Should().Contain("must specify port for bind address");
    }

    private async Task EndsWithProgramAsync(int exitCode, int expected)
    {
        await using var program = Start([], "replicate", "-exec", $"sh -c 'exit {exitCode}'", _database.Path, Url);

        (await program.WaitForExitAsync(Timeout)).Should().Be(expected, program.Output);

        (await CountAsync("backup")).Should().Be(0, "all was uploaded all the same");
    }

    private static string Entry(AppDatabase database, string replica) =>
        $"dbs:\n  - path: {database.Path}\n    replicas:\n      - path: {Path.Combine(Path.GetDirectoryName(database.Path)!, replica)}\n        sync-interval: 50ms\n";

    private static ChildProcess Start(Dictionary<string, string> environment, params string[] arguments) =>
        ChildProcess.StartApp("Litestream.Cli", "", environment, arguments);

    private static async Task HangUpAsync(ChildProcess program) =>
        (await ChildProcess.RunAsync(Timeout, "kill", "-HUP", program.Id.ToString(CultureInfo.InvariantCulture))).ExitCode.Should().Be(0);

    // A port that is free now may be taken the next moment.
    private async Task<(ChildProcess Program, int Port)> StartWithMetricsAsync(string config)
    {
        for (var attempt = 1; ; attempt++)
        {
            int port;
            using (var listener = new TcpListener(IPAddress.Loopback, 0))
            {
                listener.Start();
                port = ((IPEndPoint)listener.LocalEndpoint).Port;
            }

            await File.WriteAllTextAsync(config, $"addr: 127.0.0.1:{port}\n" + Entry(_database, "backup"));
            var program = Start([], "replicate", "-config", config);
            try
            {
                await program.WaitForLineAsync(line => line.Contains("[6013]"), Timeout);
                return (program, port);
            }
            catch (InvalidOperationException) when (attempt < 5 && program.Output.Contains("cannot serve metrics"))
            {
                await program.DisposeAsync();
            }
        }
    }

    private async Task<long> CountAsync(string replica)
    {
        var copy = _folder.File(replica + "-copy.db");
        await using var client = new FileReplicaClient(_folder.File(replica));
        await client.RestoreAsync(new RestoreOptions { OutputPath = copy });
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={copy};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }
}
