using System.Text.Json;
using Litestream.Restore;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>
/// The same script drives the real litestream and litestream-net through the same replicas: a script that uses one must
/// not notice the other. What differs on purpose is in docs/tool.md.
/// </summary>
public sealed class ToolTests : IDisposable
{
    private readonly TempDirectory _folder = new();
    private readonly GoldenReplica _two = new("c_two_generations");
    private readonly GoldenReplica _long = new("a_basic_4096");

    public ToolTests()
    {
        File.WriteAllText(_folder.File("litestream.yml"), $$"""
            dbs:
              - path: {{_folder.Path}}/${TOOL_TEST_NAME}.db
                replicas:
                  - path: {{_two.Path}}
                  - name: second
                    url: file://{{_long.Path}}
              - path: other.db
            """);
        File.WriteAllText(_folder.File("app.db"), "");
        File.SetLastWriteTimeUtc(_folder.File("app.db"), new DateTime(2024, 1, 1, 12, 0, 0, 250, DateTimeKind.Utc));
        File.WriteAllText(_folder.File("app.db-wal"), "");
        File.SetLastWriteTimeUtc(_folder.File("app.db-wal"), new DateTime(2024, 1, 1, 0, 8, 40, 123, DateTimeKind.Utc).AddSeconds(3));
    }

    private string Url => "file://" + _two.Path;

    public void Dispose()
    {
        _two.Dispose();
        _long.Dispose();
        _folder.Dispose();
    }

    [LitestreamTheory]
    [InlineData("databases -config litestream.yml")]
    [InlineData("databases --config=litestream.yml")]
    [InlineData("databases -no-expand-env -config litestream.yml")]
    [InlineData("generations -config litestream.yml app.db")]
    [InlineData("generations -config litestream.yml -replica second app.db")]
    [InlineData("snapshots -config litestream.yml app.db")]
    [InlineData("snapshots URL")]
    [InlineData("snapshots -replica whatever URL")]
    [InlineData("snapshots -config= URL")]
    [InlineData("snapshots -config litestream.yml other.db")]
    [InlineData("wal -config litestream.yml app.db")]
    [InlineData("wal -config litestream.yml -replica second app.db")]
    [InlineData("wal URL")]
    [InlineData("wal -generation 680bfe8b9d24efc3 URL")]
    [InlineData("wal -generation xyz URL")]
    [InlineData("generations file:///nothing/there")]
    [InlineData("snapshots file:///nothing/there")]
    [InlineData("wal file:///nothing/there")]
    public async Task A_listing_is_the_same_to_the_letter(string line)
    {
        var (theirs, ours) = await BothAsync(line);

        theirs.ExitCode.Should().Be(0, theirs.Output + theirs.Errors);
        ours.Should().BeEquivalentTo(new { theirs.ExitCode, theirs.Output }, "ours said {0}", ours.Errors);
    }

    /// <summary>Also a script that looks for a word in what went wrong finds it.</summary>
    [LitestreamTheory]
    [InlineData("", null)]
    [InlineData("-h", null)]
    [InlineData("help", null)]
    [InlineData("restore -h", null)]
    [InlineData("bogus", "unknown command")]
    [InlineData("databases -config nope.yml", "config file not found:")]
    [InlineData("databases -config litestream.yml extra", "too many arguments")]
    [InlineData("databases -config litestream.yml -bogus", "flag provided but not defined: -bogus")]
    [InlineData("snapshots", "database path")]
    [InlineData("snapshots -config litestream.yml -replica nope app.db", "replica \"nope\" not found for database")]
    [InlineData("snapshots -config litestream.yml unknown.db", "database not found in config:")]
    [InlineData("snapshots -config litestream.yml URL", "cannot specify a replica URL and the -config flag")]
    [InlineData("snapshots bogus://x", "unknown replica type")]
    [InlineData("restore", "database path or replica URL required")]
    [InlineData("restore URL", "output path required")]
    [InlineData("restore -o x.db URL extra", "too many arguments")]
    [InlineData("restore -o x.db -bogus URL", "flag provided but not defined: -bogus")]
    [InlineData("restore -config litestream.yml unknown.db", "database not found in config:")]
    [InlineData("restore -config litestream.yml app.db", "cannot restore, output path already exists:")]
    [InlineData("restore -config litestream.yml other.db", "no matching backups found")]
    [InlineData("restore -o x.db file:///nothing/there", "no matching backups found")]
    [InlineData("restore -o x.db -timestamp 2020-01-01T00:00:00Z URL", "no matching backups found")]
    [InlineData("restore -o x.db -timestamp 2999-01-01T00:00:00Z URL", "no matching backups found")]
    [InlineData("restore -o x.db -timestamp 2024-01-01 URL", "invalid -timestamp, must specify in ISO 8601")]
    [InlineData("restore -o x.db -index zz URL", "for flag -index: invalid hexadecimal format")]
    [InlineData("restore -o x.db -index 0x1 URL", "for flag -index: invalid hexadecimal format")]
    [InlineData("restore -o x.db -index ffffffff URL", "for flag -index: invalid hexadecimal format")]
    [InlineData("restore -o x.db -index 0 -timestamp 2024-01-01T00:01:00Z URL", "cannot specify index & timestamp to restore")]
    [InlineData("restore -o x.db -generation 0000000000000000 URL", "no matching backups found")]
    [InlineData("restore -o x.db -generation c13b URL", "no matching backups found")]
    [InlineData("restore -o x.db -parallelism many URL", "for flag -parallelism: parse error")]
    public async Task A_failure_has_the_same_exit_code_and_says_the_same_words(string line, string? words)
    {
        var (theirs, ours) = await BothAsync(line);

        (theirs.ExitCode, ours.ExitCode).Should().Be((1, 1), "theirs said {0}, ours {1}", theirs, ours);
        if (words is not null)
        {
            (theirs.Output + theirs.Errors).Replace("\\\"", "\"", StringComparison.Ordinal).Replace('\u00a0', ' ').Replace("\\u00a0", " ", StringComparison.Ordinal)
                .Should().Contain(words);
            ours.Errors.Should().Contain(words).And.Contain("next: ");
            ours.Output.Should().BeEmpty();
        }

        File.Exists(_folder.File("x.db")).Should().BeFalse();
    }

    [LitestreamTheory]
    [InlineData("restore -o OUT URL")]
    [InlineData("restore --o=OUT --parallelism 1 -if-replica-exists=false URL")]
    [InlineData("restore -o OUT -parallelism 0 URL")]
    [InlineData("restore -o OUT -timestamp 2024-01-01T00:01:00Z URL")]
    [InlineData("restore -o OUT -timestamp 2024-01-01T01:01:00.500000001+01:00 URL")]
    [InlineData("restore -o OUT -index 0 URL")]
    [InlineData("restore -o OUT -index 00000001 -generation 680bfe8b9d24efc3 URL")]
    [InlineData("restore -o OUT -index 7fffffff URL")]
    [InlineData("restore -o OUT -generation 680bfe8b9d24efc3 URL")]
    [InlineData("restore -o OUT -replica whatever URL")]
    [InlineData("restore -o OUT -config litestream.yml app.db")]
    [InlineData("restore -o OUT -config litestream.yml -replica file app.db")]
    [InlineData("restore -o OUT -config litestream.yml -index A app.db")]
    [InlineData("restore -o OUT/new/folder URL")]
    public async Task A_restore_is_the_same_to_the_byte(string line)
    {
        var (theirs, ours) = await BothAsync(line);

        (theirs.ExitCode, ours.ExitCode).Should().Be((0, 0), "theirs said {0}, ours {1}", theirs, ours);
        var below = line.Contains("OUT/", StringComparison.Ordinal) ? "/new/folder" : "";
        (await BothRestores.HashAsync(_folder.File("ours" + below))).Should().Be(await BothRestores.HashAsync(_folder.File("theirs" + below)));
        ours.Output.Should().BeEmpty();
        Directory.EnumerateFileSystemEntries(_folder.Path).Should().NotContain(name => name.Contains("/ours.", StringComparison.Ordinal), "nothing is left behind");
    }

    [LitestreamTheory]
    [InlineData("restore -if-db-not-exists -config litestream.yml app.db", "database already exists, skipping")]
    [InlineData("restore -if-db-not-exists -o app.db URL", "database already exists, skipping")]
    [InlineData("restore -if-replica-exists -o x.db file:///nothing/there", "no matching backups found")]
    [InlineData("restore -if-replica-exists -o app.db file:///nothing/there", "no matching backups found")]
    [InlineData("restore -if-replica-exists -o x.db -timestamp 2020-01-01T00:00:00Z URL", "no matching backups found")]
    public async Task What_a_start_script_says_before_every_start_is_exit_code_0_when_there_is_nothing_to_do(string line, string words)
    {
        var (theirs, ours) = await BothAsync(line);

        (theirs.ExitCode, ours.ExitCode).Should().Be((0, 0), "theirs said {0}, ours {1}", theirs, ours);
        (theirs.Output + theirs.Errors).Should().Contain(words);
        ours.Errors.Should().Contain(words);
        File.Exists(_folder.File("x.db")).Should().BeFalse();
        new FileInfo(_folder.File("app.db")).Length.Should().Be(0);
    }

    [LitestreamFact]
    public async Task A_replica_that_cannot_be_read_is_no_reason_to_start_without_a_backup()
    {
        var file = _folder.File("file");
        await File.WriteAllTextAsync(file, "");

        var ours = await ProgramRun.OursAsync(_folder.Path, "restore", "-if-replica-exists", "-o", "x.db", $"file://{file}/below");

        ours.ExitCode.Should().Be(1, ours.ToString());
    }

    [LitestreamFact]
    public async Task JSON_says_what_the_tables_say()
    {
        using var wal = JsonDocument.Parse((await ProgramRun.OursAsync(_folder.Path, "wal", "--json", Url)).Output);
        using var generations = JsonDocument.Parse((await ProgramRun.OursAsync(_folder.Path, "generations", "-config", "litestream.yml", "-json", "app.db")).Output);
        using var databases = JsonDocument.Parse((await ProgramRun.OursAsync(_folder.Path, "databases", "-config", "litestream.yml", "-json")).Output);
        using var failure = JsonDocument.Parse((await ProgramRun.OursAsync(_folder.Path, "restore", "-json", "-o", "x.db", "file:///nothing/there")).Errors);

        wal.RootElement.GetArrayLength().Should().Be(24);
        wal.RootElement[1].GetRawText().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal).Should().Be(
            """{"replica":"file","generation":"680bfe8b9d24efc3","index":0,"offset":24752,"size":121,"created":"2024-01-01T00:00:30+00:00"}""");
        generations.RootElement[2].GetProperty("replica").GetString().Should().Be("second");
        generations.RootElement[2].GetProperty("lagSeconds").GetDouble().Should().BeApproximately(42680.25, 0.001);
        databases.RootElement[0].GetProperty("replicas")[1].GetString().Should().Be("second");
        failure.RootElement.GetProperty("error").GetString().Should().StartWith("no matching backups found");
        failure.RootElement.GetProperty("next").GetString().Should().NotBeEmpty();
    }

    [LitestreamFact]
    public async Task A_dry_run_says_what_would_be_restored_and_writes_nothing()
    {
        var before = Directory.EnumerateFileSystemEntries(_folder.Path).ToList();

        var run = await ProgramRun.OursAsync(_folder.Path, "restore", "--dry-run", "--json", "-o", "x/y.db", "-timestamp", "2024-01-01T00:01:00Z", Url);

        run.ExitCode.Should().Be(0, run.ToString());
        using var plan = JsonDocument.Parse(run.Output);
        plan.RootElement.GetProperty("generation").GetString().Should().Be("680bfe8b9d24efc3");
        plan.RootElement.GetProperty("walSegments").GetInt32().Should().Be(5);
        Directory.EnumerateFileSystemEntries(_folder.Path).Should().BeEquivalentTo(before);
    }

    [LitestreamOnS3Fact]
    public async Task And_over_a_real_S3_server()
    {
        await using var run = new S3Run("tool");
        await using (var writer = await WriterProcess.StartAsync(run.Database, pauseMilliseconds: 1, autoCheckpoint: 100))
        {
            await using var theirs = await run.StartTheirsAsync();
            await writer.WaitForCommitsAsync(200);
            await writer.StopAsync();
            await RealLitestream.StopAtRestAsync(theirs);
        }

        foreach (var command in (string[])["databases", "generations", "snapshots", "wal"])
        {
            string[] arguments = [command, "-config", run.Folder.File("litestream.yml"), .. command == "databases" ? (string[])[] : [run.Database]];
            var theirs = await ProgramRun.TheirsAsync(run.Folder.Path, arguments);
            var ours = await ProgramRun.OursAsync(run.Folder.Path, arguments);
            ours.Should().BeEquivalentTo(new { theirs.ExitCode, theirs.Output }, "ours said {0}", ours.Errors);
            theirs.ExitCode.Should().Be(0);
        }

        foreach (var (name, restore) in new[] { ("theirs", (Func<string, string[], Task<ProgramRun>>)ProgramRun.TheirsAsync), ("ours", ProgramRun.OursAsync) })
        {
            var result = await restore(run.Folder.Path, ["restore", "-config", run.Folder.File("litestream.yml"), "-o", name, run.Database]);
            result.ExitCode.Should().Be(0, result.ToString());
        }

        (await BothRestores.HashAsync(run.Folder.File("ours"))).Should().Be(await BothRestores.HashAsync(run.Folder.File("theirs")));
    }

    private async Task<(ProgramRun Theirs, ProgramRun Ours)> BothAsync(string line)
    {
        var theirs = ProgramRun.TheirsAsync(_folder.Path, Arguments(line, "theirs"));
        var ours = ProgramRun.OursAsync(_folder.Path, Arguments(line, "ours"));
        return (await theirs, await ours);
    }

    private string[] Arguments(string line, string output) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word == "URL" ? Url : word.Replace("OUT", output, StringComparison.Ordinal))];
}
