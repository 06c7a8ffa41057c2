using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;
using Litestream.Compare.Worker;

namespace Litestream.Compare.Sections;

/// <summary>From the end of a commit to the object with it under its name in the replica, seen from outside.</summary>
internal sealed class LagSection : ISection
{
    public string Letter => "e";

    public string Title => "(e) From a commit to the replica, nobody waiting";

    public async Task RunAsync(Contest contest)
    {
        foreach (var rate in contest.Pick<int[]>([10, 200, 2000], [200]))
        {
            var (alone, _, _) = await CommitRun.RunAsync(contest, null, CommitApi.Raw, rate, contest.Pick(4.0, 0.5));
            Add(Variant.Off, alone, 0);
            foreach (var variant in contest.Variants)
            {
                var (summary, cost, lag) = await CommitRun.RunAsync(contest, variant, CommitApi.Raw, rate, contest.Pick(6.0, 0.5), lags: true);
                LagFigures.Add(contest.Results, Letter, $"{rate} commits/s", variant.Name, lag!.Value);
                Add(variant.Name, summary, cost);
            }

            void Add(string name, CommitSummary summary, double replicatorSeconds)
            {
                contest.Results.Add(Letter, $"{rate} commits/s", "commits/s reached", "", Better.Higher, name, summary.Count / summary.Seconds);
                contest.Results.Add(Letter, $"{rate} commits/s", "CPU, all processes", "% of a core", Better.Lower, name, (summary.ProcessorSeconds + replicatorSeconds) * 100 / summary.Seconds);
            }
        }
    }
}
