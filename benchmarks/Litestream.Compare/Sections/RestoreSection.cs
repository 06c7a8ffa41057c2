using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;

namespace Litestream.Compare.Sections;

/// <summary>Restores of one replica, each in a process of its own, from its start to its end.</summary>
internal sealed class RestoreSection : ISection
{
    public const string Unchecked = "ours, no check";

    public string Letter => "c";

    public string Title => "(c) Restore from a folder, whole processes; ours with its integrity check, litestream has none";

    public async Task RunAsync(Contest contest)
    {
        foreach (var scenario in RestoreScenario.All)
        {
            var scale = contest.Pick(100, 1);
            var replica = await scenario.PrepareAsync(Path.Combine(contest.Fixtures, string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}-{scale}")), scale);
            if (contest.Settings.PrepareOnly)
            {
                continue;
            }

            var workload = scenario.Describe(scale);

            // litestream takes most of a minute for many segments.
            for (var round = 0; round < (scenario.Name == "segments" ? Math.Min(2, contest.Settings.Rounds) : contest.Settings.Rounds); round++)
            {
                var folder = contest.NewFolder();
                var (theirs, ours) = (Path.Combine(folder, "theirs", "app.db"), Path.Combine(folder, "ours", "app.db"));
                await MeasureAsync(contest, workload, Variant.Ours.Name, Ours(contest, Variant.Ours, replica, ours, IntegrityCheck.Auto), ours);
                if (contest.Litestream is { } litestream)
                {
                    await MeasureAsync(contest, workload, Variant.Theirs.Name, (litestream, ["restore", "-o", theirs, $"file://{replica}"]), theirs);
                    if (round == 0)
                    {
                        FilePair.RequireEqual(theirs, ours);
                    }
                }

                File.Delete(ours);
                await MeasureAsync(contest, workload, Unchecked, Ours(contest, Variant.Ours, replica, ours, IntegrityCheck.None), ours);
                if (contest.Settings.Native is not null)
                {
                    File.Delete(ours);
                    await MeasureAsync(contest, workload, Variant.OursNative.Name, Ours(contest, Variant.OursNative, replica, ours, IntegrityCheck.Auto), ours);
                }

                Directory.Delete(folder, recursive: true);
            }

            if (scenario.Name != "segments")
            {
                await CountAsync(contest, workload, replica);
            }
        }
    }

    /// <summary>How this library is told to restore.</summary>
    public static (string Program, string[] Arguments) Ours(Contest contest, Variant variant, string replica, string output, IntegrityCheck check) =>
        contest.OursAs(variant, "restore", replica, output, check.ToString());

    private async Task MeasureAsync(Contest contest, string workload, string variant, (string Program, string[] Arguments) command, string output)
    {
        var folder = Path.GetDirectoryName(output)!;
        Directory.CreateDirectory(folder);
        var (seconds, cost) = await MeasuredProcess.RunAsync(command.Program, command.Arguments, folder);
        contest.Results.Add(Letter, workload, "time", "s", Better.Lower, variant, seconds);
        contest.Results.AddCost(Letter, workload, variant, cost with { PeakDisk = Math.Max(0, cost.PeakDisk!.Value - new FileInfo(output).Length) });
    }

    private async Task CountAsync(Contest contest, string workload, string replica)
    {
        if (!SyncCounter.IsAvailable)
        {
            return;
        }

        var folder = contest.NewFolder();
        var (program, arguments) = Ours(contest, Variant.Ours, replica, Path.Combine(folder, "ours.db"), IntegrityCheck.Auto);
        Add(Variant.Ours.Name, await SyncCounter.RunAsync(program, arguments, Path.Combine(folder, "strace")));
        if (contest.Litestream is { } litestream)
        {
            Add(Variant.Theirs.Name, await SyncCounter.RunAsync(litestream, ["restore", "-o", Path.Combine(folder, "theirs.db"), $"file://{replica}"], Path.Combine(folder, "strace")));
        }

        Directory.Delete(folder, recursive: true);

        void Add(string variant, int count) => contest.Results.Add(Letter, workload, "fsync and fdatasync", "", Better.Lower, variant, count);
    }
}
