using Litestream.Compare.Measuring;
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
            for (var round = 0; round < contest.Pick(Math.Min(2, contest.Settings.Rounds), 1); round++)
            {
                foreach (var variant in contest.Variants)
                {
                    var (summary, cost, lag) = await CommitRun.RunAsync(contest, variant, CommitApi.Raw, rate, contest.Pick(4.0, 0.5), lags: true);
                    LagFigures.Add(contest.Results, Letter, $"{rate} commits/s", variant.Name, lag!.Value);
                    contest.Results.Add(Letter, $"{rate} commits/s", "commits/s reached", "", Better.Higher, variant.Name, summary.Count / summary.Seconds);
                    contest.Results.Add(Letter, $"{rate} commits/s", "CPU, all processes", "% of a core", Better.Lower, variant.Name, (summary.ProcessorSeconds + cost) * 100 / summary.Seconds);
                }
            }
        }
    }
}
