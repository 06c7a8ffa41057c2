using System.Globalization;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>What we write, the real program lists and restores: the same bytes as we, and what the application committed.</summary>
public sealed class RealRestoreOfOurReplicasTests
{
    [LitestreamTheory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    [InlineData(65536)]
    public async Task Of_any_page_size_while_a_writer_runs_and_after(int pageSize)
    {
        // On a busy machine a checkpoint may take a few attempts before the writer lets it complete.
        const int MostRounds = 40;
        using var run = new Run();
        await using var writer = await WriterProcess.StartAsync(run.Database, pageSize: pageSize, autoCheckpoint: 100);
        await using var ours = await run.OursAsync();
        for (var i = 0; i < 3 || (run.Indexes < 2 && i < MostRounds); i++)
        {
            await writer.WaitForCommitsAsync(150 * (i + 1));
            await ours.SyncAsync();
            var restored = await BothRestores.AreIdenticalAsync(run.Folder, run.CopyOfReplica());
            (await SqliteShell.IntegrityCheckAsync(restored)).Trim().Should().Be("ok");
        }

        await writer.StopAsync();
        await ours.SyncAsync();
        await ours.StopAsync();

        await ShowsWhatWasCommittedAsync(run);
        (await RealLitestream.ListAsync("generations", run.Replica)).Should().ContainSingle();
        (await RealLitestream.ListAsync("wal", run.Replica)).Select(row => row[2]).Distinct().Should().HaveCountGreaterThan(1, "the WAL started over");
    }

    [LitestreamFact]
    public async Task Across_restarts_and_kills()
    {
        using var run = new Run();
        var writer = await WriterProcess.StartAsync(run.Database);
        try
        {
            for (var i = 1; i <= 4; i++)
            {
                await using var ours = await run.OursAsync();
                await writer.WaitForCommitsAsync(100);
                await ours.SyncAsync();
                await writer.KillAsync();
                await writer.DisposeAsync();
                writer = await WriterProcess.StartAsync(run.Database, seed: 100 * i);
                await writer.WaitForCommitsAsync(100);
                if (i % 2 == 0)
                {
                    await ours.StopAsync();
                }
                else
                {
                    await ours.KillAsync();
                }

                var restored = await BothRestores.AreIdenticalAsync(run.Folder, run.CopyOfReplica());
                (await SqliteShell.IntegrityCheckAsync(restored)).Trim().Should().Be("ok");
            }

            await using var last = await run.OursAsync();
            await writer.WaitForCommitsAsync(200);
            await writer.StopAsync();
            await last.SyncAsync();
            await last.StopAsync();
        }
        finally
        {
            await writer.DisposeAsync();
        }

        await ShowsWhatWasCommittedAsync(run);
    }

    [LitestreamFact]
    public async Task After_a_shrink()
    {
        using var run = new Run();
        var workload = new Workload(run.Database, seed: 1);
        using (var connection = workload.Open())
        {
            await using var ours = await run.OursAsync();
            for (var i = 0; i < 3; i++)
            {
                for (var j = 0; j < 100; j++)
                {
                    workload.Step(connection);
                }

                await ours.SyncAsync();
                Workload.Execute(connection, "DELETE FROM t WHERE id % 10 > 0");
                await ours.SyncAsync();
                Workload.Execute(connection, "VACUUM");
            }

            await ours.SyncAsync();
            await ours.StopAsync();
        }

        await ShowsWhatWasCommittedAsync(run);
    }

    [LitestreamFact]
    public async Task Its_listings_show_our_objects()
    {
        using var run = new Run();
        await using var writer = await WriterProcess.StartAsync(run.Database);
        await using var ours = await run.OursAsync();
        await writer.WaitForCommitsAsync(300);
        await writer.StopAsync();
        var position = await ours.SyncAsync();
        await ours.StopAsync();

        var generations = await RealLitestream.ListAsync("generations", run.Replica);
        var snapshots = await RealLitestream.ListAsync("snapshots", run.Replica);
        var wal = await RealLitestream.ListAsync("wal", run.Replica);

        var generation = position.Split('/')[0];
        generations.Should().ContainSingle().Which.Should().Contain(generation);
        snapshots.Should().NotBeEmpty().And.OnlyContain(row => row[1] == generation);
        wal.Select(row => string.Create(
                CultureInfo.InvariantCulture, $"{long.Parse(row[2], CultureInfo.InvariantCulture):x8}_{long.Parse(row[3], CultureInfo.InvariantCulture):x8}.wal.lz4"))
            .Should().BeEquivalentTo(Directory.EnumerateFiles(Path.Combine(run.Replica, "generations", generation, "wal"), "*.lz4").Select(Path.GetFileName));
    }

    [LitestreamFact]
    public async Task Generations_of_both_programs_in_one_path_stay_restorable()
    {
        using var run = new Run();
        await using var writer = await WriterProcess.StartAsync(run.Database, pauseMilliseconds: 5);
        for (var i = 1; i <= 2; i++)
        {
            await using (var theirs = await run.TheirsAsync())
            {
                await writer.WaitForCommitsAsync(100);
                await RealLitestream.StopAsync(theirs);
            }

            await using (var ours = await run.OursAsync())
            {
                await writer.WaitForCommitsAsync(100);
                await ours.SyncAsync();
                await ours.StopAsync();
            }
        }

        await using (var last = await run.OursAsync())
        {
            await writer.StopAsync();
            await last.SyncAsync();
            await last.StopAsync();
        }

        await ShowsWhatWasCommittedAsync(run);
        var generations = (await RealLitestream.ListAsync("generations", run.Replica)).Select(row => row[1]).ToList();
        generations.Should().HaveCountGreaterThan(1);
        foreach (var generation in generations)
        {
            try
            {
                var restored = await BothRestores.AreIdenticalAsync(
                    run.Folder, run.Replica, new RestoreOptions { Generation = generation }, "-generation", generation);
                (await SqliteShell.IntegrityCheckAsync(restored)).Trim().Should().Be("ok");
            }
            catch (ReplicaCorruptedException refused) when (BothRestores.IsOverlapOfTheRealProgram(run.Replica, refused))
            {
                // At its stop the real program uploads beside its own loop: one segment twice, of two lengths. Nothing of ours does.
            }
        }
    }

    private static async Task ShowsWhatWasCommittedAsync(Run run)
    {
        var restored = await BothRestores.AreIdenticalAsync(run.Folder, run.Replica);
        (await SqliteShell.IntegrityCheckAsync(restored)).Trim().Should().Be("ok");
        (await SqliteShell.DumpHashAsync(restored)).Should().Be(await SqliteShell.DumpHashAsync(run.Database));
    }
}
