using System.Diagnostics;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;

namespace Litestream.Compare.Sections;

/// <summary>The first snapshot of a database, from the start of the program to the object under its name.</summary>
internal sealed class SnapshotSection : ISection
{
    public string Letter => "b";

    public string Title => "(b) Snapshot to a folder, counted from the start of the process";

    public async Task RunAsync(Contest contest)
    {
        var size = contest.Pick(512L << 20, 4L << 20);
        var workload = $"a database of {size >> 20} MiB";
        var template = Path.Combine(contest.NewFolder(), "app.db");
        Create(template, size);
        for (var round = 0; round < contest.Settings.Rounds; round++)
        {
            foreach (var variant in contest.Replicators.Where(variant => variant.Milliseconds is null || !variant.IsOurs))
            {
                var (seconds, cost, _) = await RunAsync(contest, variant, template, countSyncs: false);
                contest.Results.Add(Letter, workload, "time", "s", Better.Lower, variant.Name, seconds);
                contest.Results.Add(Letter, workload, "throughput", "MiB/s", Better.Higher, variant.Name, (size >> 20) / seconds);
                contest.Results.AddCost(Letter, workload, variant.Name, cost);
            }
        }

        foreach (var variant in SyncCounter.IsAvailable ? contest.Variants.Where(variant => variant.Milliseconds is null) : [])
        {
            var (_, _, syncs) = await RunAsync(contest, variant, template, countSyncs: true);
            contest.Results.Add(Letter, workload, "fsync and fdatasync", "", Better.Lower, variant.Name, syncs);
        }
    }

    public static void Create(string path, long size)
    {
        using var connection = Contest.CreateDatabase(path, "PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;");
        for (long filled = 0; filled < size; filled += 4 << 20)
        {
            Contest.Fill(connection, 4 << 20);
        }

        Contest.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>Takes one.</summary>
    public static async Task<(double Seconds, Cost Cost, int Syncs)> RunAsync(Contest contest, Variant variant, string template, bool countSyncs)
    {
        var folder = contest.NewFolder();
        var (path, replica) = (Path.Combine(folder, "app.db"), Path.Combine(folder, "replica"));
        File.Copy(template, path);
        await using var process = await Replicator.StartAsync(contest, variant, folder, [(path, new ReplicaPlace(replica))]);
        await using var counter = countSyncs ? await SyncCounter.AttachAsync(process.Id, Path.Combine(folder, "strace")) : null;
        long disk = 0;
        var looks = 0;
        await Contest.UntilAsync(
            () =>
            {
                disk = looks++ % 10 == 0 ? Math.Max(disk, Beside(folder, replica)) : disk;
                return Contest.FindFiles(replica, "*.snapshot.lz4").Any();
            },
            process);
        var seconds = Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds;
        var cost = new Cost(process.ProcessorSeconds, process.PeakMemory, disk);
        var syncs = counter is null ? 0 : await counter.StopAsync();
        await process.StopAsync(variant.IsOurs);
        Directory.Delete(folder, recursive: true);
        return (seconds, cost, syncs);
    }

    private static long Beside(string folder, string replica) =>
        Directory.EnumerateDirectories(folder, ".app.db-litestream*").Sum(ProcFile.FolderBytes)
        + (Directory.Exists(replica) ? Directory.EnumerateFiles(replica, "*.tmp", SearchOption.AllDirectories).Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length : 0) : 0);
}
