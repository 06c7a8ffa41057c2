using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;
using Litestream.S3;

namespace Litestream.Compare.Sections;

/// <summary>A bucket on loopback, moved further away.</summary>
internal sealed class StoreSection : ISection
{
    private int _replicas;

    public string Letter => "g";

    public string Title => "(g) S3 on loopback, with a longer way to it";

    public async Task RunAsync(Contest contest)
    {
        if (Environment.GetEnvironmentVariable("S3_ENDPOINT") is not { Length: > 0 } endpoint || Environment.GetEnvironmentVariable("S3_BUCKET") is not { Length: > 0 } bucket)
        {
            contest.Results.Note(Letter, "Not measured: no S3 server is named by S3_ENDPOINT and S3_BUCKET.");
            return;
        }

        var store = new Uri(endpoint);
        foreach (var milliseconds in contest.Pick<int[]>([0, 20, 80], [5]))
        {
            foreach (var variant in contest.Variants.Where(variant => variant.Milliseconds is null || milliseconds == 20))
            {
                await RunAsync(contest, variant, store, bucket, milliseconds);
            }
        }
    }

    private async Task RunAsync(Contest contest, Variant variant, Uri store, string bucket, int milliseconds)
    {
        var workload = $"{milliseconds} ms away";
        await using (var proxy = new StoreProxy(store, TimeSpan.FromMilliseconds(milliseconds)))
        {
            var (place, arrivals) = Prepare(proxy, store, bucket);
            var outcome = await CaptureRun.RunAsync(contest, variant, contest.Pick(64L << 20, 2L << 20), place, arrivals);
            Add("throughput of a large WAL", "MiB/s", Better.Higher, outcome.MiB / outcome.Seconds);
            Add("its CPU", "s", Better.Lower, outcome.Cost.ProcessorSeconds);
            Add("its peak memory", "MiB", Better.Lower, outcome.Cost.PeakMemory / 1048576.0);
            Add("its failed requests", "", Better.Lower, proxy.Failures);
        }

        await using (var proxy = new StoreProxy(store, TimeSpan.FromMilliseconds(milliseconds)))
        {
            var (place, arrivals) = Prepare(proxy, store, bucket);
            var before = 0;
            var seconds = contest.Pick(5.0, 0.5);
            var (summary, _, lag) = await CommitRun.RunAsync(
                contest, variant, CommitApi.Raw, 50, seconds, lags: true, place: place, arrivalsOf: () =>
                {
                    before = 0;
                    return arrivals();
                });
            LagFigures.Add(contest.Results, Letter, $"{workload}, 50 commits/s", variant.Name, lag!.Value);
            contest.Results.Add(Letter, $"{workload}, 50 commits/s", "requests, start and stop included", "", Better.Lower, variant.Name, proxy.Requests - before);
            contest.Results.Note(Letter, $"{workload}, {variant.Name}: {summary.Count} commits, {proxy.Describe()}");
        }

        void Add(string metric, string unit, Better better, double value) => contest.Results.Add(Letter, workload, metric, unit, better, variant.Name, value);
    }

    private (ReplicaPlace Place, Func<IArrivals> Arrivals) Prepare(StoreProxy proxy, Uri store, string bucket)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"compare/{DateTime.UtcNow:yyyyMMddHHmmss}-{Environment.ProcessId}-{_replicas++}");
        var direct = new ReplicaPlace(path, bucket, store.GetLeftPart(UriPartial.Authority));
        return (direct with { Endpoint = proxy.Endpoint }, () => new StoreArrivals(proxy, new S3ReplicaClient(direct.Url), $"/{bucket}/{path}/"));
    }
}
