using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;

namespace Litestream.Compare.Sections;

/// <summary>What replication costs the application's own commits.</summary>
internal sealed class CommitSection : ISection
{
    public string Letter => "d";

    public string Title => "(d) The application's commits: without replication, with it in the process, with litestream beside it";

    public async Task RunAsync(Contest contest)
    {
        CommitApi[] apis = contest.Pick<CommitApi[]>([CommitApi.Sqlite, CommitApi.EntityFramework, CommitApi.Raw], [CommitApi.EntityFramework]);
        foreach (var api in apis)
        {
            foreach (var rate in contest.Pick<int[]>([200, 0], [0]))
            {
                // At full speed long enough for some of the checkpoints that stop the writer.
                var seconds = contest.Pick(rate > 0 ? 6.0 : 12.0, 0.2);
                var workload = $"{Name(api)}, {(rate > 0 ? $"{rate} commits/s" : "full speed")}";
                for (var round = 0; round < Math.Min(contest.Settings.Rounds, api == CommitApi.Sqlite ? int.MaxValue : 2); round++)
                {
                    foreach (var (name, variant) in Turns(contest, api))
                    {
                        var (summary, replicator, _) = await CommitRun.RunAsync(contest, variant, api, rate, seconds, name == Variant.OursUsed);
                        Add(workload, "p50", "ms", Better.Lower, name, summary.P50);
                        Add(workload, "p99", "ms", Better.Lower, name, summary.P99);
                        Add(workload, "p99.9", "ms", Better.Lower, name, summary.P999);
                        if (rate == 0)
                        {
                            Add(workload, "throughput", "commits/s", Better.Higher, name, summary.Count / summary.Seconds);
                        }

                        Add(workload, "CPU for 1,000 commits, all processes", "ms", Better.Lower, name, (summary.ProcessorSeconds + replicator) * 1e6 / summary.Count);
                        Add(workload, "commits that met a busy database", "", Better.Lower, name, summary.Stalls);
                    }
                }
            }
        }

        void Add(string workload, string metric, string unit, Better better, string variant, double value) =>
            contest.Results.Add(Letter, workload, metric, unit, better, variant, value);
    }

    private static IEnumerable<(string Name, Variant? Variant)> Turns(Contest contest, CommitApi api)
    {
        yield return (Variant.Off, null);
        foreach (var variant in contest.Variants.Where(variant => variant.Milliseconds is null || api == CommitApi.Sqlite))
        {
            yield return (variant.Name, variant);
            if (variant == Variant.Ours && api == CommitApi.Sqlite)
            {
                yield return (Variant.OursUsed, variant);
            }
        }
    }

    private static string Name(CommitApi api) => api switch
    {
        CommitApi.Raw => "SQLite itself",
        CommitApi.Sqlite => "Microsoft.Data.Sqlite",
        _ => "EF Core",
    };
}
