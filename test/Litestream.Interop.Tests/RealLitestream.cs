using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>The real litestream v0.3.13, run as a child process.</summary>
internal static class RealLitestream
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    // Longer than the intervals of the tests.
    private static readonly TimeSpan AtRest = TimeSpan.FromMilliseconds(300);

    /// <summary>The program, by LITESTREAM_BIN or as npm installed it; null where there is none.</summary>
    public static string? Find()
    {
        if (Environment.GetEnvironmentVariable("LITESTREAM_BIN") is { Length: > 0 } path)
        {
            return path;
        }

        var system = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var processor = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        // The program itself: npm's own entry is a script around it, and a signal would end only that.
        var installed = Repository.Combine(
            "test", "interop", "node_modules", "@flydotio", $"litestream-{system}-{processor}", "litestream");
        return File.Exists(installed) ? installed : null;
    }

    public static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) =>
        await ChildProcess.RunAsync(Timeout, Path(), arguments);

    /// <summary>litestream restore from a folder; the outcome is the caller's to judge.</summary>
    public static Task<(int ExitCode, string Output)> TryRestoreAsync(string replica, string output, params string[] options) =>
        RunAsync(["restore", .. options, "-o", output, Url(replica)]);

    public static async Task RestoreAsync(string replica, string output, params string[] options)
    {
        var (exitCode, text) = await TryRestoreAsync(replica, output, options);
        exitCode.Should().Be(0, "litestream restore said: {0}", text);
    }

    /// <summary>One of the listing commands: the rows as columns, without the heading.</summary>
    public static async Task<IReadOnlyList<string[]>> ListAsync(string command, string replica)
    {
        var (exitCode, text) = await RunAsync(command, Url(replica));
        exitCode.Should().Be(0, "litestream {0} said: {1}", command, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
    }

    /// <summary>Starts litestream replicate and waits until its first segment is on the replica.</summary>
    public static async Task<ChildProcess> ReplicateAsync(TempDirectory folder, string database, string replica, ReplicateOptions? options = null)
    {
        options ??= new ReplicateOptions();
        var config = folder.File("litestream.yml");
        await File.WriteAllTextAsync(config, string.Create(CultureInfo.InvariantCulture, $"""
            dbs:
              - path: {database}
                monitor-interval: 20ms
                checkpoint-interval: {options.CheckpointInterval}
                min-checkpoint-page-count: {options.MinCheckpointPages}
                replicas:
                  - type: file
                    path: {replica}
                    sync-interval: 20ms
                    retention: {options.Retention}
                    retention-check-interval: {options.RetentionCheckInterval}
                    snapshot-interval: {options.SnapshotInterval}

            """));
        var child = ChildProcess.Start(Path(), "replicate", "-config", config);
        await child.WaitForLineAsync(line => line.Contains("wal segment written", StringComparison.Ordinal), Timeout);
        return child;
    }

    /// <summary>Ends litestream replicate in order: it uploads what is left and goes.</summary>
    public static async Task StopAsync(ChildProcess litestream)
    {
        litestream.Terminate();
        await litestream.WaitForExitAsync(Timeout);
    }

    /// <summary>
    /// Ends litestream replicate once it has nothing to say any more. Stopped in the middle of an upload to S3, v0.3.13 begins
    /// the same segment a second time beside it, and may then never end.
    /// </summary>
    public static async Task StopAtRestAsync(ChildProcess litestream)
    {
        var (said, quiet) = (litestream.Output, Stopwatch.StartNew());
        for (var patience = Stopwatch.StartNew(); quiet.Elapsed < AtRest && patience.Elapsed < 10 * AtRest;)
        {
            await Task.Delay(20);
            if (litestream.Output is var now && now.Length != said.Length)
            {
                said = now;
                quiet.Restart();
            }
        }

        await StopAsync(litestream);
    }

    private static string Path() =>
        Find() ?? throw new InvalidOperationException("The real litestream is not installed: npm ci in test/interop, or LITESTREAM_BIN.");

    private static string Url(string replica) => "file://" + replica;
}
