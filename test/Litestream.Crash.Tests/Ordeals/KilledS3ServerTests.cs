using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>kill -9 of the S3 server itself, in the middle of uploads; it comes back with the data that it had.</summary>
[Trait("Category", "RealServer")]
public sealed class KilledS3ServerTests
{
    private const int Kills = 2;

    [S3ServerFact]
    public async Task When_the_server_comes_back_replication_goes_on_by_itself_and_nothing_acknowledged_is_missing()
    {
        await using var server = await S3ServerProcess.StartAsync();
        await Fuzz.SampleAsync(count: 1, async seed =>
        {
            var random = new Random(seed);
            using var folder = new TempDirectory();
            var replica = server.NewReplica();
            var path = folder.File("bank.db");
            await using var app = BankApp.Begin(
                ["env", .. server.Environments], path, [replica.Setting], "--min-checkpoint-pages", "100", "--checkpoint-interval", "200", "--snapshot-interval", "500");
            await app.ReadyAsync();
            app.Tell("write 4");
            for (var kill = 1; kill <= Kills; kill++)
            {
                await app.AnswerAsync("ack");
                await Task.Delay(random.Next(1000));
                await server.KillAsync();

                // The application does not notice, but for what waits.
                await app.CommitAsync(20);
                var down = await app.UntilAsync(status => status.ReplicaState == "Retrying", "the server is down");
                down.Lag.Should().BePositive();
                var acknowledged = app.Acknowledged.Count;
                await server.RestartAsync();
                await app.UntilAsync(_ => app.Acknowledged.Count > acknowledged + 20, "the server is back");
            }

            await app.CommitAsync();
            var position = await app.SyncAsync();
            await app.StopAsync();
            await replica.HoldsAsync(folder, app.Acknowledged, random);
            var local = Ledger.Check(path);
            BankReplica.Shows(local, app.Acknowledged);
            var last = await replica.RestoreAsync(folder.File("last.db"), position);
            last.Should().Equal(local.Take(last.Count));
            (await replica.RestoreAsync(folder.File("all.db"))).Should().Equal(local);
        });
    }
}
