using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Crash.Ordeals;

/// <summary>
/// kill -9 at a random millisecond of everything that an application's life consists of, again and again: its start, its
/// restore, checkpoints, snapshots, uploads. After each, what was acknowledged is restored elsewhere and compared.
/// </summary>
internal static class BankLife
{
    private const int Rounds = 10;
    private const int Clients = 4;

    private static readonly string[] Options = ["--min-checkpoint-pages", "100", "--checkpoint-interval", "200", "--snapshot-interval", "200"];

    public static async Task LiveAsync(string store, int seed, ITestOutputHelper output)
    {
        var random = new Random(seed);
        using var folder = new TempDirectory();
        var replica = BankReplica.Create(store, folder);
        var database = folder.File("data/bank.db");
        Directory.CreateDirectory(folder.File("data"));
        var everAcknowledged = new List<BankAcknowledgement>();
        try
        {
            for (var round = 1; round <= Rounds; round++)
            {
                var acknowledged = await RunAndKillAsync(database, replica, seed + round, random, early: round % 5 == 0);
                everAcknowledged.AddRange(acknowledged);
                await replica.HoldsAsync(folder, acknowledged, random);

                // By turns the machine keeps its disk and the application goes on, or loses it and the application restores.
                var lost = round % 3 == 0;
                if (lost)
                {
                    Directory.Delete(folder.File("data"), recursive: true);
                    Directory.CreateDirectory(folder.File("data"));
                }

                output.WriteLine($"{store}, seed {seed}, round {round}: {acknowledged.Count} acknowledged{(lost ? ", disk lost" : "")}");
            }

            await using var app = await BankApp.StartAsync(database, [replica.Setting], Options);
            await app.CommitAsync();
            var position = await app.SyncAsync();
            await app.StopAsync();
            var local = Ledger.Check(database);
            BankReplica.Shows(local, everAcknowledged);
            (await replica.RestoreAsync(folder.File("last.db"), position)).Should().Equal(local);
            everAcknowledged.Should().NotBeEmpty();
        }
        finally
        {
            await replica.CleanAsync();
        }
    }

    private static async Task<IReadOnlyList<BankAcknowledgement>> RunAndKillAsync(
        string database, BankReplica replica, int seed, Random random, bool early)
    {
        await using var app = BankApp.Begin(database, [replica.Setting], ["--seed", $"{seed}", .. Options]);
        if (early)
        {
            // While it starts, restores, opens, or begins to write.
            app.Tell($"write {Clients}");
            await Task.Delay(random.Next(100, 1500));
        }
        else
        {
            await app.ReadyAsync();
            app.Tell($"write {Clients}");
            await app.AnswerAsync("ack");
            await Task.Delay(random.Next(700));
        }

        await app.KillAsync();
        return app.Acknowledged;
    }
}
