using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Interop;

/// <summary>What the real program wrote under load, we restore as it does, byte for byte.</summary>
public sealed class RestoreOfRealReplicasTests(ITestOutputHelper output)
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
    public Task Of_any_page_size_across_checkpoints(int pageSize) => WithoutLossOfTheirsAsync(async (run, seed) =>
    {
        await using var writer = await WriterProcess.StartAsync(run.Database, seed, pageSize);
        await using var litestream = await run.TheirsAsync(new ReplicateOptions { CheckpointInterval = "300ms" });
        await writer.WaitForCommitsAsync(400);
        await writer.StopAsync();
        await RealLitestream.StopAsync(litestream);
    });

    [LitestreamFact]
    public Task Across_restarts_and_kills_of_the_program_and_the_writer() => WithoutLossOfTheirsAsync(async (run, seed) =>
    {
        var writer = await WriterProcess.StartAsync(run.Database, seed);
        try
        {
            for (var i = 1; i <= 3; i++)
            {
                await using var litestream = await run.TheirsAsync();
                await writer.WaitForCommitsAsync(100);
                await writer.KillAsync();
                await writer.DisposeAsync();
                writer = await WriterProcess.StartAsync(run.Database, seed + (100 * i));
                await writer.WaitForCommitsAsync(100);
                if (i % 2 == 0)
                {
                    await RealLitestream.StopAsync(litestream);
                }
                else
                {
                    await litestream.KillAsync();
                }
            }

            await using var last = await run.TheirsAsync();
            await writer.WaitForCommitsAsync(200);
            await writer.StopAsync();
            await RealLitestream.StopAsync(last);
        }
        finally
        {
            await writer.DisposeAsync();
        }
    });

    [LitestreamFact]
    public Task After_a_shrink() => WithoutLossOfTheirsAsync(async (run, seed) =>
    {
        var workload = new Workload(run.Database, seed);
        using var connection = workload.Open();
        await using var litestream = await run.TheirsAsync();
        for (var i = 0; i < 3; i++)
        {
            for (var j = 0; j < 100; j++)
            {
                workload.Step(connection);
            }

            await Task.Delay(100);
            Workload.Execute(connection, "DELETE FROM t WHERE id % 10 > 0");
            await Task.Delay(100);
            Workload.Execute(connection, "VACUUM");
        }

        connection.Close();
        await RealLitestream.StopAsync(litestream);
    });

    [LitestreamFact]
    public Task With_snapshots_and_retention() => WithoutLossOfTheirsAsync(async (run, seed) =>
    {
        await using var writer = await WriterProcess.StartAsync(run.Database, seed, pauseMilliseconds: 5);
        await using var litestream = await run.TheirsAsync(new ReplicateOptions
        {
            CheckpointInterval = "300ms",
            SnapshotInterval = "500ms",
            Retention = "1s",
            RetentionCheckInterval = "300ms",
        });
        await writer.WaitForCommitsAsync(600);
        await writer.StopAsync();
        await RealLitestream.StopAsync(litestream);
        (await RealLitestream.ListAsync("snapshots", run.Replica)).Should().HaveCountGreaterThan(1);
    });

    [LitestreamFact]
    public Task With_a_WAL_whose_checksums_are_big_endian() => WithoutLossOfTheirsAsync(async (run, seed) =>
    {
        var workload = new Workload(run.Database, seed);
        using (var connection = workload.Open())
        {
            for (var i = 0; i < 50; i++)
            {
                workload.Step(connection);
            }

            BigEndianWal.LeaveBehind(run.Database);
        }

        File.Move(run.Database + BigEndianWal.Suffix, run.Database, overwrite: true);
        File.Move(run.Database + BigEndianWal.Suffix + "-wal", run.Database + "-wal", overwrite: true);
        using (var connection = workload.Open())
        {
            await using var litestream = await run.TheirsAsync(new ReplicateOptions { MinCheckpointPages = 100_000, CheckpointInterval = "1h" });
            for (var i = 0; i < 50; i++)
            {
                workload.Step(connection);
            }

            await RealLitestream.StopAsync(litestream);
            BigEndianWal.IsBigEndian(run.Database + "-wal").Should().BeTrue("SQLite goes on in the order it finds");
        }
    });

    [LitestreamFact]
    public async Task To_every_index_and_time()
    {
        using var run = new Run();
        await using (var writer = await WriterProcess.StartAsync(run.Database))
        {
            await using var litestream = await run.TheirsAsync(new ReplicateOptions { CheckpointInterval = "300ms" });
            await writer.WaitForCommitsAsync(400);
            await writer.StopAsync();
            await RealLitestream.StopAsync(litestream);
        }

        var wal = await RealLitestream.ListAsync("wal", run.Replica);
        var generation = wal[0][1];
        var indexes = wal.Select(row => int.Parse(row[2], System.Globalization.CultureInfo.InvariantCulture)).Distinct().Order().ToList();
        indexes.Should().HaveCountGreaterThan(2);
        foreach (var index in new[] { indexes[0], indexes[indexes.Count / 2], indexes[^1] })
        {
            // It lists indexes in decimal and takes them in hexadecimal.
            await BothRestores.AreIdenticalAsync(
                run.Folder, run.Replica, new RestoreOptions { Index = index, Generation = generation },
                "-generation", generation, "-index", index.ToString("x8", System.Globalization.CultureInfo.InvariantCulture));
        }

        // A tick later than the file: the file's own time is finer than a DateTime. Not the last: it knows nothing after it.
        var times = Directory.EnumerateFiles(run.Replica, "*.wal.lz4", SearchOption.AllDirectories)
            .Select(file => File.GetLastWriteTimeUtc(file).AddTicks(1)).Order().SkipLast(1).ToList();
        for (var i = 0; i < times.Count; i += 1 + (times.Count / 6))
        {
            await BothRestores.AreIdenticalAsync(
                run.Folder, run.Replica, new RestoreOptions { Timestamp = times[i] },
                "-timestamp", times[i].ToString("O", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [LitestreamFact]
    public async Task Nothing_or_the_truth_from_a_replica_that_was_wiped_while_the_program_ran()
    {
        using var run = new Run();
        await using var writer = await WriterProcess.StartAsync(run.Database);
        await using (var litestream = await run.TheirsAsync())
        {
            await writer.WaitForCommitsAsync(100);
            Directory.Move(run.Replica, run.Folder.File("gone"));
            await writer.WaitForCommitsAsync(200);
            await RealLitestream.StopAsync(litestream);
        }

        // Segments without a snapshot: the program did not notice.
        var withoutSnapshot = () => BothRestores.OursAsync(run.Replica, run.Folder.File("ours-1.db"));
        await withoutSnapshot.Should().ThrowAsync<ReplicaException>();
        File.Exists(run.Folder.File("ours-1.db")).Should().BeFalse();

        // Started again it may put a snapshot into an index whose beginning is missing, and can never restore it.
        await using (var litestream = await run.TheirsAsync())
        {
            await writer.WaitForCommitsAsync(100);
            await writer.StopAsync();
            await RealLitestream.StopAsync(litestream);
        }

        await NothingOrTheTruthAsync(run);
    }

    private static async Task NothingOrTheTruthAsync(Run run)
    {
        var ours = run.Folder.File("ours-2.db");
        try
        {
            await BothRestores.OursAsync(run.Replica, ours);
        }
        catch (ReplicaException)
        {
            File.Exists(ours).Should().BeFalse();
            return;
        }

        (await SqliteShell.DumpHashAsync(ours)).Should().Be(await SqliteShell.DumpHashAsync(run.Database));
    }

    /// <summary>
    /// v0.3.13 itself can lose frames around a checkpoint. Where its own restore does not show what the application
    /// committed, there is nothing to compare with, and the scenario runs again with another seed.
    /// </summary>
    private async Task WithoutLossOfTheirsAsync(Func<Run, int, Task> scenario)
    {
        for (var seed = 1; ; seed++)
        {
            using var run = new Run();
            await scenario(run, seed);
            var theirs = run.Folder.File("theirs.db");
            var (exitCode, text) = await RealLitestream.TryRestoreAsync(run.Replica, theirs);
            if (exitCode == 0 && await SqliteShell.DumpHashAsync(theirs) == await SqliteShell.DumpHashAsync(run.Database))
            {
                try
                {
                    await BothRestores.AreIdenticalAsync(run.Folder, run.Replica);
                    return;
                }
                catch (ReplicaCorruptedException refused) when (BothRestores.IsOverlapOfTheRealProgram(run.Replica, refused))
                {
                    output.WriteLine($"seed {seed}: litestream wrote segments that overlap. {refused.Message}");
                }
            }
            else
            {
                output.WriteLine($"seed {seed}: litestream lost something by itself (exit {exitCode}) {text}");
            }

            seed.Should().BeLessThan(4, "one of these seeds should get through");
        }
    }
}
