using Litestream.Compare.Measuring;

namespace Litestream.Compare.Sections;

/// <summary>WAL to local copy to folder.</summary>
internal sealed class CaptureSection : ISection
{
    public string Letter => "a";

    public string Title => "(a) Capture: WAL to local copy to a folder";

    public async Task RunAsync(Contest contest)
    {
        var size = contest.Pick(256L << 20, 8L << 20);
        var workload = $"a WAL of {size >> 20} MiB";
        for (var round = 0; round < contest.Settings.Rounds; round++)
        {
            foreach (var variant in contest.Replicators)
            {
                var outcome = await CaptureRun.RunAsync(contest, variant, size);
                Add("to the local copy", "MiB/s", Better.Higher, outcome.MiB / outcome.ShadowSeconds);
                Add("to the replica", "MiB/s", Better.Higher, outcome.MiB / outcome.Seconds);
                contest.Results.AddCost(Letter, workload, variant.Name, outcome.Cost);

                void Add(string metric, string unit, Better better, double value) =>
                    contest.Results.Add(Letter, workload, metric, unit, better, variant.Name, value);
            }
        }

        foreach (var variant in SyncCounter.IsAvailable ? contest.Variants : [])
        {
            var outcome = await CaptureRun.RunAsync(contest, variant, size, countSyncs: true);
            contest.Results.Add(Letter, workload, "fsync and fdatasync", "", Better.Lower, variant.Name, outcome.Syncs!.Value);
        }
    }
}
