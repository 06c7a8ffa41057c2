using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;

namespace Litestream.Compare.Sections;

/// <summary>Requests that wait for their commit to be replicated. Nothing of litestream's can be held against it.</summary>
internal sealed class WaitingSection : ISection
{
    private const int LeastShare = 4;

    public string Letter => "h";

    public string Title => "(h) Requests that are answered once their commit is on a replica 50 ms away";

    public async Task RunAsync(Contest contest)
    {
        var clients = contest.Pick(100, 20);
        var latencies = new Latencies();
        var (requests, uploads) = await WaitingLoad.RunAsync(clients, TimeSpan.FromSeconds(contest.Pick(8.0, 0.5)), latencies);
        Add("requests for each upload", "", Better.Higher, (double)requests / uploads);
        Add("p50", "ms", Better.Lower, latencies.Percentile(0.5));
        Add("p99", "ms", Better.Lower, latencies.Percentile(0.99));
        if (!contest.Settings.Quick && requests < uploads * LeastShare)
        {
            throw new InvalidOperationException("Requests that wait do not share uploads.");
        }

        void Add(string metric, string unit, Better better, double value) => contest.Results.Add(Letter, $"{clients} clients", metric, unit, better, Variant.Ours.Name, value);
    }
}
