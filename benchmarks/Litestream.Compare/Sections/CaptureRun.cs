using System.Diagnostics;
using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;
using Microsoft.Data.Sqlite;

namespace Litestream.Compare.Sections;

/// <summary>
/// A replicator that is stopped (SIGSTOP) while the application commits a large WAL, and then goes on: from there to the
/// moment at which the replica holds everything.
/// </summary>
internal static class CaptureRun
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs it once.</summary>
    /// <param name="contest">The contest.</param>
    /// <param name="variant">Who.</param>
    /// <param name="walBytes">How large the WAL becomes.</param>
    /// <param name="place">Where to; null for a folder.</param>
    /// <param name="arrivalsOf">Sees what arrives at <paramref name="place"/>; null for a folder.</param>
    /// <param name="countSyncs">Count fsyncs instead of measuring the time.</param>
    public static async Task<CaptureOutcome> RunAsync(
        Contest contest, Variant variant, long walBytes, ReplicaPlace? place = null, Func<IArrivals>? arrivalsOf = null, bool countSyncs = false)
    {
        var folder = contest.NewFolder();
        var (path, replica) = (Path.Combine(folder, "app.db"), Path.Combine(folder, "replica"));
        using var application = Contest.CreateDatabase(path, "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;");
        Contest.Fill(application, 400_000);
        var early = arrivalsOf?.Invoke();
        await using var process = await Replicator.StartAsync(contest, variant, folder, [(path, place ?? new ReplicaPlace(replica))]);
        await Contest.UntilAsync(() => early is null ? Contest.HasBegun(replica) : early.Seen.Count > 0, process);
        using var arrivals = early ?? new FolderArrivals(Path.GetDirectoryName(Contest.FindFiles(replica, "*.wal.lz4").First())!);
        await Task.Delay(early is null ? 300 : 1500);

        await using var counter = countSyncs ? await SyncCounter.AttachAsync(process.Id, Path.Combine(folder, "strace")) : null;
        ProcFile.Stop(process.Id);
        for (var wal = new FileInfo(path + "-wal"); wal.Length < walBytes; wal.Refresh())
        {
            Contest.Fill(application, 4 << 20);
        }

        using var end = new WalEnd(path);
        var target = end.Read(0);
        var disk = ProcFile.FolderBytes(folder);
        var processor = process.ProcessorSeconds;
        var began = Stopwatch.GetTimestamp();
        ProcFile.Continue(process.Id);
        var shadow = WaitForShadowAsync(folder, new FileInfo(path + "-wal").Length, began);
        var arrived = await new ReplicaSight(arrivals).WaitAsync(target, Patience);
        var cost = new Cost(process.ProcessorSeconds - processor, process.PeakMemory, Math.Max(0, ProcFile.FolderBytes(folder) - disk - ProcFile.FolderBytes(replica)));
        var syncs = counter is null ? (int?)null : await counter.StopAsync();
        await process.StopAsync(variant.IsOurs);
        var outcome = new CaptureOutcome(
            (target.Frames * 4120.0) / 1048576, arrived is { } at ? Stopwatch.GetElapsedTime(began, at).TotalSeconds : double.NaN, await shadow, cost, syncs);
        if (place is null)
        {
            await RequireWholeAsync(replica, folder, application);
        }

        application.Close();
        Directory.Delete(folder, recursive: true);
        return outcome;
    }

    // The local copy, by its size: both keep it as files of WAL beside the database.
    private static async Task<double> WaitForShadowAsync(string folder, long size, long began)
    {
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
        {
            foreach (var meta in Directory.EnumerateDirectories(folder, ".app.db-litestream*"))
            {
                if (Contest.FindFiles(meta, "*.wal").Any(file => new FileInfo(file) is { Exists: true } info && info.Length >= size))
                {
                    return Stopwatch.GetElapsedTime(began).TotalSeconds;
                }
            }

            await Task.Delay(2);
        }

        return double.NaN;
    }

    private static async Task RequireWholeAsync(string replica, string folder, SqliteConnection application)
    {
        var restored = Path.Combine(folder, "restored.db");
        await using var client = new FileReplicaClient(replica);
        await client.RestoreAsync(new RestoreOptions { OutputPath = restored, IntegrityCheck = IntegrityCheck.None });
        using var copy = new SqliteConnection(string.Create(CultureInfo.InvariantCulture, $"Data Source={restored};Pooling=False;Mode=ReadOnly"));
        copy.Open();
        if (Contest.Scalar(copy, "SELECT count(*) FROM t") != Contest.Scalar(application, "SELECT count(*) FROM t"))
        {
            throw new InvalidOperationException("The replica does not hold what was committed.");
        }
    }
}
