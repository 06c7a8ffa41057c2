using System.Globalization;
using Litestream.S3;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>
/// kill -STOP of the process that replicates, while another one goes on to write, and kill -CONT: a frozen container, a
/// debugger, a laptop that sleeps. LITESTREAM_STOP_SECONDS says for how long, else a few seconds.
/// </summary>
public sealed class StoppedProcessTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("LITESTREAM_STOP_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 3);

    [UnixFact]
    public Task Nothing_is_lost_on_a_folder_while_the_process_stands_still_and_the_status_says_so_only_when_it_is_true() => StopAsync("folder");

    [S3Fact]
    [Trait("Category", "RealServer")]
    public Task Nothing_is_lost_on_S3_while_the_process_stands_still_and_the_status_says_so_only_when_it_is_true() => StopAsync("S3");

    private static async Task StopAsync(string store)
    {
        using var folder = new TempDirectory();
        var replica = BankReplica.Create(store, folder);
        var path = folder.File("bank.db");
        try
        {
            await using var app = await BankApp.StartAsync(
                path, [replica.Setting], "--min-checkpoint-pages", "100", "--checkpoint-interval", "100", "--snapshot-interval", "500");
            using var database = new AppDatabase(folder, "bank.db");
            using var reader = database.Open();
            using var ended = new CancellationTokenSource();
            var writing = Task.Run(async () =>
            {
                while (!ended.IsCancellationRequested)
                {
                    Ledger.Append(database.Connection, "another process".PadRight(500, 'x'));
                    await Task.Delay(2);
                }
            });
            await app.SyncAsync();
            await Task.Delay(500);

            app.Suspend();
            var before = Ledger.Count(reader);
            await Task.Delay(Pause);
            await ended.CancelAsync();
            await writing;
            var written = Ledger.Count(reader);
            written.Should().BeGreaterThan(before + 10, "the writer did not wait for the one that stands still");
            app.Resume();

            // Nobody asks for anything but the status: it goes on by itself, and what it claims is true.
            var last = await app.UntilAsync(status => status.SaysAllIsWell && status.Position == status.ReplicaPosition, "it should catch up");
            while (await SaysMoreAsync(app, last) is { } more)
            {
                last = more; // what it had seen before it was stopped came first
            }

            (await replica.RestoreAsync(folder.File("copy.db"))).Should().HaveCount(written, "the status was {0}", last.Text);

            Ledger.Append(database.Connection, "afterwards");
            reader.Close();
            var position = await app.SyncAsync();
            database.Close();
            await app.StopAsync();
            (await replica.RestoreAsync(folder.File("last.db"), position)).Should().Equal(Ledger.Check(path)).And.HaveCount(written + 1);
        }
        finally
        {
            await replica.CleanAsync();
        }
    }

    private static async Task<BankStatus?> SaysMoreAsync(BankApp app, BankStatus before)
    {
        await Task.Delay(300);
        var status = await app.UntilAsync(status => status.SaysAllIsWell && status.Position == status.ReplicaPosition, "it should catch up");
        return status.Position == before.Position ? null : status;
    }
}
