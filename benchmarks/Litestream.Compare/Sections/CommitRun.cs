using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;

namespace Litestream.Compare.Sections;

/// <summary>An application that commits for a while, replicated or not.</summary>
internal static class CommitRun
{
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <summary>Runs it once.</summary>
    /// <param name="contest">The contest.</param>
    /// <param name="variant">Who replicates; null for nobody.</param>
    /// <param name="api">By what the application commits.</param>
    /// <param name="rate">Commits a second; 0 for as many as it can.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="useLitestream">Whether connections are set up by UseLitestream.</param>
    /// <param name="lags">Whether to measure how long each commit took to the replica.</param>
    /// <param name="place">Where to replicate to; null for a folder.</param>
    /// <param name="arrivalsOf">Sees what arrives at <paramref name="place"/>; null for a folder.</param>
    /// <returns>What the application says; the processor time of a replicator in a process of its own; how far behind the replica was.</returns>
    public static async Task<(CommitSummary Summary, double ReplicatorSeconds, (List<double> Lags, int Missing)? Lag)> RunAsync(
        Contest contest, Variant? variant, CommitApi api, int rate, double seconds, bool useLitestream = false, bool lags = false,
        ReplicaPlace? place = null, Func<IArrivals>? arrivalsOf = null)
    {
        var folder = contest.NewFolder();
        var (path, replica, log) = (Path.Combine(folder, "app.db"), Path.Combine(folder, "replica"), Path.Combine(folder, "log"));
        Contest.CreateDatabase(path).Dispose();
        place ??= new ReplicaPlace(replica);
        var options = new CommitOptions(
            path, api, rate, seconds, variant is { IsOurs: true } ? place.Url : null,
            variant?.Milliseconds is { } interval ? TimeSpan.FromMilliseconds(interval) : null, useLitestream, lags ? log : null);
        var early = arrivalsOf?.Invoke();
        await using var application = MeasuredProcess.StartWorker(options.ToArguments());
        await application.WaitForLineAsync(line => line == "ready");
        await using var sidecar = variant is { IsOurs: false } ? await Replicator.StartAsync(contest, variant, folder, [(path, place)]) : null;
        if (variant is not null)
        {
            await Contest.UntilAsync(() => early is null ? Contest.HasBegun(replica) : early.Seen.Count > 0, sidecar ?? application);
        }

        // The replica of the warm-up must not be waited for while it is measured.
        await Task.Delay(early is null ? 200 : 1500);
        using var arrivals = variant is null || !lags ? early : early ?? new FolderArrivals(Path.GetDirectoryName(Contest.FindFiles(replica, "*.wal.lz4").First())!);
        var before = sidecar?.ProcessorSeconds ?? 0;
        application.WriteLine("go");
        var summary = CommitSummary.Parse(await application.WaitForLineAsync(line => line.StartsWith("summary ", StringComparison.Ordinal)));
        var cost = (sidecar?.ProcessorSeconds ?? 0) - before;
        (List<double>, int)? behind = null;
        if (lags)
        {
            var commits = Read(log);
            var sight = new ReplicaSight(arrivals!);
            await sight.WaitAsync(commits[^1], Settling);
            behind = await sight.LagsAsync(commits);
        }

        await application.StopAsync(isWorker: true);
        if (sidecar is not null)
        {
            await sidecar.StopAsync(isWorker: false);
        }

        Directory.Delete(folder, recursive: true);
        return (summary, cost, behind);
    }

    private static List<CommittedAt> Read(string log)
    {
        var bytes = File.ReadAllBytes(log);
        return [.. Enumerable.Range(0, bytes.Length / CommittedAt.Size).Select(i => CommittedAt.Read(bytes.AsSpan(i * CommittedAt.Size)))];
    }
}
