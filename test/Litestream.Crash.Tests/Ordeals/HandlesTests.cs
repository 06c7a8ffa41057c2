using System.Diagnostics;
using System.Globalization;
using Litestream.S3;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>The process may open nothing any more, no file and no socket: another part of it leaks handles, say.</summary>
public sealed class HandlesTests
{
    [LinuxFact]
    public Task Without_a_handle_left_nothing_is_lost_on_a_folder_and_all_goes_on_when_there_are_some() => ExhaustAsync("folder");

    [S3Fact]
    [Trait("Category", "RealServer")]
    public Task Without_a_handle_left_nothing_is_lost_on_S3_and_all_goes_on_when_there_are_some() => ExhaustAsync("S3");

    private static async Task ExhaustAsync(string store)
    {
        using var folder = new TempDirectory();
        var replica = BankReplica.Create(store, folder);
        var path = folder.File("bank.db");
        try
        {
            await using var app = await BankApp.StartAsync(path, [replica.Setting], "--degraded-after", "1000");
            await app.CommitAsync(50);
            await app.SyncAsync();
            await app.UntilAsync(status => status.SaysAllIsWell, "nothing is wrong yet");

            await app.AskAsync("threads 16", "threads");

            // Handles that are open stay; the next one would have a number above the limit.
            await LimitAsync(app, "1:");
            var said = 0;
            for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(3); await Task.Delay(50))
            {
                await app.CommitAsync(1);
                said = said == 0 ? app.Output.Length : said;
            }

            var status = await app.StatusAsync();
            if (store == "folder")
            {
                status = await app.UntilAsync(one => one.Health != "Healthy", "nothing of it is on the replica");
                (status.LastError + status.ReplicaError).Should().Contain("Too many open files");
            }

            app.Output[said..].Split('\n').Count(line => line.Contains("Litestream", StringComparison.Ordinal)).Should().BeLessThan(20, app.Output);

            await LimitAsync(app, "4096:");
            await app.CommitAsync();
            await app.UntilAsync(one => one.SaysAllIsWell && one.Position == one.ReplicaPosition, "there are handles again");
            var position = await app.SyncAsync();
            await app.StopAsync();
            (await replica.RestoreAsync(folder.File("copy.db"), position)).Should().Equal(Ledger.Check(path));
        }
        finally
        {
            await replica.CleanAsync();
        }
    }

    private static async Task LimitAsync(BankApp app, string limit)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(
            TimeSpan.FromMinutes(1), "prlimit", "--pid", app.Id.ToString(CultureInfo.InvariantCulture), $"--nofile={limit}");
        exitCode.Should().Be(0, output);
    }
}
