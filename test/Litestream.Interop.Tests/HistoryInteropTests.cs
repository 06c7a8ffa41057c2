using System.Globalization;
using Litestream.Replication;
using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>
/// Three days of a replica that takes snapshots every four hours and keeps one: by generation and index the real program
/// restores the same bytes as we, also when a run of the retention was interrupted anywhere.
/// </summary>
public sealed class HistoryInteropTests
{
    [LitestreamFact]
    public async Task By_generation_and_index_the_real_program_restores_the_same_bytes_after_snapshots_and_retention()
    {
        using var history = await LivedAsync();
        using var folder = new TempDirectory();
        var replica = Dump(history, folder, "replica");
        var snapshots = history.Snapshots();
        snapshots.Should().HaveCountGreaterThan(5);

        (await RealLitestream.ListAsync("snapshots", replica)).Should().HaveCount(snapshots.Count);
        await BothRestores.AreIdenticalAsync(folder, replica);
        foreach (var generation in Segments(history).GroupBy(name => name.Generation))
        {
            var first = snapshots.Select(item => Name(item.Key)).Where(name => name.Generation == generation.Key).Min(name => name.Index);
            var indexes = generation.Select(name => name.Index).Distinct().Order().ToList();
            indexes.Should().OnlyContain(index => index >= first, "its WAL goes with a snapshot");
            foreach (var index in indexes.Where((_, i) => i % 5 == 0 || i == indexes.Count - 1))
            {
                await BothRestores.AreIdenticalAsync(
                    folder,
                    replica,
                    new RestoreOptions { Generation = generation.Key, Index = index },
                    "-generation",
                    generation.Key,
                    "-index",
                    index.ToString("x8", CultureInfo.InvariantCulture));
            }
        }
    }

    [LitestreamFact]
    public async Task Wherever_a_run_of_the_retention_was_interrupted_the_real_program_restores_the_latest()
    {
        using var history = await LivedAsync(retention: false);
        using var folder = new TempDirectory();
        var cutOff = history.Now.AddHours(-24);
        var plan = RetentionPolicy.Plan(
            ReplicaInventory.Create(history.Scene.Replica.Store.Objects),
            new HashSet<string> { history.Scene.Generation },
            cutOff,
            new HashSet<string>());
        var keys = plan.Steps.SelectMany(step => step).ToList();
        keys.Should().HaveCountGreaterThan(50);

        var deleted = 0;
        for (var part = 1; part <= 8; part++)
        {
            for (; deleted < keys.Count * part / 8; deleted++)
            {
                history.Scene.Replica.Remove(keys[deleted]);
            }

            await BothRestores.AreIdenticalAsync(folder, Dump(history, folder, $"part-{part}"));
        }

        (await history.RestoreAsync(null)).Should().Be(history.RowsAt(history.Now));
    }

    [LitestreamFact]
    public async Task A_replica_that_lost_its_objects_under_the_real_program_never_restores_to_something_wrong()
    {
        using var run = new Run();
        await using var writer = await WriterProcess.StartAsync(run.Database);
        await using (var litestream = await run.TheirsAsync())
        {
            await writer.WaitForCommitsAsync(50);
            foreach (var file in Directory.GetFiles(run.Replica, "*.lz4", SearchOption.AllDirectories))
            {
                File.Delete(file);
            }

            await writer.WaitForCommitsAsync(150);
            await RealLitestream.StopAsync(litestream);
        }

        await NothingToRestoreAsync(run);
        await using (var litestream = await run.TheirsAsync())
        {
            await writer.WaitForCommitsAsync(250);
            await writer.StopAsync();
            await RealLitestream.StopAsync(litestream);
        }

        await NothingWrongAsync(run, "after-restart.db");
    }

    /// <summary>WAL without a snapshot: that is said, by both.</summary>
    private static async Task NothingToRestoreAsync(Run run)
    {
        var output = run.Folder.File("nothing.db");
        await FluentActions.Awaiting(() => BothRestores.OursAsync(run.Replica, output)).Should().ThrowAsync<LitestreamException>();
        (await RealLitestream.TryRestoreAsync(run.Replica, output)).ExitCode.Should().NotBe(0);
        File.Exists(output).Should().BeFalse();
    }

    /// <summary>
    /// Where the real program restores, we restore the same or say why not. Where it refuses, since an index that no restore
    /// needs has lost its beginning, what we restore is what the application has.
    /// </summary>
    private static async Task NothingWrongAsync(Run run, string name)
    {
        var theirs = run.Folder.File("theirs-" + name);
        var ours = run.Folder.File("ours-" + name);
        var (exitCode, _) = await RealLitestream.TryRestoreAsync(run.Replica, theirs);
        try
        {
            await BothRestores.OursAsync(run.Replica, ours);
        }
        catch (LitestreamException)
        {
            File.Exists(ours).Should().BeFalse();
            return;
        }

        if (exitCode == 0)
        {
            (await BothRestores.HashAsync(ours)).Should().Be(await BothRestores.HashAsync(theirs));
        }

        (await SqliteShell.IntegrityCheckAsync(ours)).Trim().Should().Be("ok");
        (await SqliteShell.DumpHashAsync(ours)).Should().Be(await SqliteShell.DumpHashAsync(run.Database));
    }

    private static async Task<HistoryScene> LivedAsync(bool retention = true)
    {
        var history = new HistoryScene();
        var scene = history.Scene;
        scene.Options.SnapshotInterval = TimeSpan.FromHours(4);
        scene.Options.Retention = retention ? TimeSpan.FromHours(24) : null;
        var worker = scene.Worker();
        history.Commit();
        await worker.RunOnceAsync(default);
        for (var step = 0; step < 3 * 48; step++)
        {
            scene.Time.Advance(TimeSpan.FromMinutes(30));
            if (step % 2 == 0)
            {
                scene.Capture.Checkpoint();
            }

            if (step == 100)
            {
                scene.Capture.Capture();
                scene.Capture.NewGeneration();
            }

            history.Commit(size: 200);
            (await worker.RunOnceAsync(default)).Should().BeTrue();
            await worker.RunUpkeepOnceAsync(default);
            history.Trim(worker.ShadowClaim);
        }

        return history;
    }

    /// <summary>The objects as files, with the times that they have.</summary>
    private static string Dump(HistoryScene history, TempDirectory folder, string name)
    {
        var root = folder.File(name);
        foreach (var item in history.Scene.Replica.Store.Objects)
        {
            var path = Path.Combine(root, item.Key);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, history.Scene.Replica[item.Key]);
            File.SetLastWriteTimeUtc(path, item.CreatedAt.UtcDateTime);
        }

        return root;
    }

    private static SnapshotName Name(string key) =>
        ReplicaLayout.TryParseSnapshot(key, out var name) ? name : throw new ArgumentException(key);

    private static IEnumerable<SegmentName> Segments(HistoryScene history) => history.Scene.Replica.Keys
        .Select(key => ReplicaLayout.TryParseSegment(key, out var name) ? name : default)
        .Where(name => name.Generation is not null);
}
