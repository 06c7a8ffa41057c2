using System.Globalization;
using System.Text;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;

namespace Litestream.Compare.Sections;

/// <summary>How cost grows with work: of this library alone. The exponent of 1 is linear, 0 is flat.</summary>
internal sealed class GrowthSection : ISection
{
    public const string Name = "growth";

    private readonly Dictionary<(string Curve, string Metric), List<(double Work, double Cost)>> _points = [];

    public string Letter => Name;

    public string Title => "How cost grows with work (this library alone)";

    public async Task RunAsync(Contest contest)
    {
        if (contest.Settings.PrepareOnly)
        {
            await PrepareSegmentsAsync(contest);
            return;
        }

        await DatabaseSizeAsync(contest);
        await WalSizeAsync(contest);
        await SegmentsAsync(contest);
        await DatabasesAsync(contest);
        await CommitRateAsync(contest);
        foreach (var curve in _points.GroupBy(points => points.Key.Curve))
        {
            contest.Results.Note(Letter, Table(curve.Key, [.. curve.Select(points => (points.Key.Metric, points.Value))]));
        }
    }

    private static string Table(string curve, IReadOnlyList<(string Metric, List<(double Work, double Cost)> Points)> rows)
    {
        var works = rows.SelectMany(row => row.Points).Select(point => point.Work).Distinct().Order().ToList();
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {curve} | {string.Join(" | ", works.Select(work => work.ToString("N0", CultureInfo.InvariantCulture)))} | exponent |");
        text.Append(CultureInfo.InvariantCulture, $"| --- |{string.Concat(Enumerable.Repeat(" ---: |", works.Count + 1))}");
        foreach (var (metric, points) in rows)
        {
            var cells = works.Select(work => Spread.Of(points.Where(point => point.Work.Equals(work)).Select(point => point.Cost)).ToString());
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"| {metric} | {string.Join(" | ", cells)} | {(works.Count > 1 ? Exponent(points).ToString("0.00", CultureInfo.InvariantCulture) : "")} |");
        }

        return text.ToString();
    }

    private async Task DatabaseSizeAsync(Contest contest)
    {
        foreach (var mebibytes in contest.Pick<int[]>([64, 128, 256, 512, 1024], [2, 4]))
        {
            var template = Path.Combine(contest.NewFolder(), "app.db");
            SnapshotSection.Create(template, (long)mebibytes << 20);
            var (seconds, cost, _) = await SnapshotSection.RunAsync(contest, Variant.Ours, template, countSyncs: false);
            Add(contest, "snapshot, by MiB of database", mebibytes, "time", "s", seconds);
            Add(contest, "snapshot, by MiB of database", mebibytes, "peak memory", "MiB", cost.PeakMemory / 1048576.0);
            var (_, afterwards, syncing) = await RestartAsync(contest, template);
            Add(contest, "start on a known replica, by MiB of database", mebibytes, "time", "s", syncing);
            Add(contest, "start on a known replica, by MiB of database", mebibytes, "peak memory", "MiB", afterwards.PeakMemory / 1048576.0);
            File.Delete(template);
        }
    }

    /// <summary>A second start, with a replica that is up to date; a restore of it is measured as well.</summary>
    private async Task<(double Restore, Cost Cost, double Start)> RestartAsync(Contest contest, string template)
    {
        var folder = contest.NewFolder();
        var (path, replica) = (Path.Combine(folder, "app.db"), new ReplicaPlace(Path.Combine(folder, "replica")));
        File.Copy(template, path);
        await using (var first = await Replicator.StartAsync(contest, Variant.Ours, folder, [(path, replica)]))
        {
            await Contest.UntilAsync(() => Contest.FindFiles(replica.Path, "*.snapshot.lz4").Any(), first);
            await first.StopAsync(isWorker: true);
        }

        await using var second = await Replicator.StartAsync(contest, Variant.Ours, folder, [(path, replica)]);
        await second.WaitForLineAsync(line => line == "started");
        var started = System.Diagnostics.Stopwatch.GetElapsedTime(second.StartedAt).TotalSeconds;
        await Task.Delay(500);
        var cost = new Cost(second.ProcessorSeconds, second.PeakMemory);
        await second.StopAsync(isWorker: true);
        var mebibytes = (int)(new FileInfo(template).Length >> 20);
        var (program, arguments) = RestoreSection.Ours(contest, Variant.Ours, replica.Path, Path.Combine(folder, "restored.db"), IntegrityCheck.Auto);
        var (seconds, restore) = await MeasuredProcess.RunAsync(program, arguments);
        Add(contest, "restore, by MiB of database", mebibytes, "time", "s", seconds);
        Add(contest, "restore, by MiB of database", mebibytes, "peak memory", "MiB", restore.PeakMemory / 1048576.0);
        Directory.Delete(folder, recursive: true);
        return (seconds, cost, started);
    }

    private async Task WalSizeAsync(Contest contest)
    {
        foreach (var mebibytes in contest.Pick<int[]>([32, 64, 128, 256, 512], [1, 2]))
        {
            var outcome = await CaptureRun.RunAsync(contest, Variant.OursFast, (long)mebibytes << 20);
            Add(contest, "capture to a folder, by MiB of WAL", mebibytes, "time", "s", outcome.Seconds);
            Add(contest, "capture to a folder, by MiB of WAL", mebibytes, "peak memory", "MiB", outcome.Cost.PeakMemory / 1048576.0);
        }
    }

    private static async Task<List<(int Segments, string Replica)>> PrepareSegmentsAsync(Contest contest)
    {
        var scenario = RestoreScenario.All.Single(scenario => scenario.Name == "segments");
        var replicas = new List<(int, string)>();
        foreach (var scale in contest.Pick<int[]>([5, 10, 25, 100], [1]))
        {
            replicas.Add((
                scenario.Rounds * scale / 100,
                await scenario.PrepareAsync(
                    Path.Combine(contest.Fixtures, scale == 100 ? "segments-100" : string.Create(CultureInfo.InvariantCulture, $"growth-segments-{scale}")),
                    scale,
                    baseScale: 100)));
        }

        return replicas;
    }

    private async Task SegmentsAsync(Contest contest)
    {
        foreach (var (segments, replica) in await PrepareSegmentsAsync(contest))
        {
            var (program, arguments) = RestoreSection.Ours(contest, Variant.Ours, replica, Path.Combine(contest.NewFolder(), "restored.db"), IntegrityCheck.Auto);
            var (seconds, cost) = await MeasuredProcess.RunAsync(program, arguments);
            Add(contest, "restore, by segments", segments, "time", "s", seconds);
            Add(contest, "restore, by segments", segments, "peak memory", "MiB", cost.PeakMemory / 1048576.0);
        }
    }

    private async Task DatabasesAsync(Contest contest)
    {
        foreach (var count in contest.Pick<int[]>([1, 10, 100, 1000], [1, 2]))
        {
            var (percent, memory, descriptors, seconds) = await IdleSection.RunAsync(contest, Variant.Ours, count, contest.Pick(4.0, 0.2));
            Add(contest, "databases at rest", count, "CPU", "% of a core", percent);
            Add(contest, "databases at rest", count, "memory", "MiB", memory / 1048576.0);
            Add(contest, "databases at rest", count, "file descriptors", "", descriptors);
            Add(contest, "databases at rest", count, "until all have a snapshot", "s", seconds);
        }
    }

    private async Task CommitRateAsync(Contest contest)
    {
        foreach (var rate in contest.Pick<int[]>([10, 100, 1000, 2000], [100]))
        {
            var (off, _, _) = await CommitRun.RunAsync(contest, null, CommitApi.Raw, rate, contest.Pick(2.5, 0.3));
            var (on, _, lag) = await CommitRun.RunAsync(contest, Variant.Ours, CommitApi.Raw, rate, contest.Pick(2.5, 0.3), lags: true);
            Add(contest, "replication, by commits a second", rate, "CPU above none", "% of a core", Math.Max(0.01, (on.ProcessorSeconds / on.Seconds) - (off.ProcessorSeconds / off.Seconds)) * 100);
            Add(contest, "replication, by commits a second", rate, "p99 of a commit", "ms", on.P99);
            Add(contest, "replication, by commits a second", rate, "p50 to the replica", "ms", lag!.Value.Lags[lag.Value.Lags.Count / 2]);
        }
    }

    private void Add(Contest contest, string curve, double work, string metric, string unit, double cost)
    {
        contest.Results.Add(Letter, $"{curve}: {work.ToString("N0", CultureInfo.InvariantCulture)}", metric, unit, Better.Lower, Variant.Ours.Name, cost);
        var named = unit.Length > 0 ? $"{metric}, {unit}" : metric;
        if (!_points.TryGetValue((curve, named), out var points))
        {
            _points[(curve, named)] = points = [];
        }

        points.Add((work, cost));
    }

    // The slope of the line through the logarithms.
    private static double Exponent(List<(double Work, double Cost)> points)
    {
        var logs = points.Where(point => point is { Work: > 0, Cost: > 0 }).Select(point => (X: Math.Log(point.Work), Y: Math.Log(point.Cost))).ToList();
        var (x, y) = (logs.Average(point => point.X), logs.Average(point => point.Y));
        return logs.Sum(point => (point.X - x) * (point.Y - y)) / logs.Sum(point => (point.X - x) * (point.X - x));
    }
}
