using System.Globalization;
using Litestream.Compare.Measuring;
using Litestream.Compare.Programs;

namespace Litestream.Compare.Sections;

/// <summary>Databases to which nothing happens.</summary>
internal sealed class IdleSection : ISection
{
    public string Letter => "f";

    public string Title => "(f) Databases at rest, one process";

    public async Task RunAsync(Contest contest)
    {
        var (nothing, runtime, open, _) = await RunAsync(contest, Variant.Ours, 0, contest.Pick(10.0, 0.3));
        foreach (var count in contest.Pick<int[]>([1, 100, 1000], [3]))
        {
            foreach (var variant in contest.Replicators.Where(variant => variant.Milliseconds is null || count <= 100))
            {
                var (percent, memory, descriptors, seconds) = await RunAsync(contest, variant, count, contest.Pick(10.0, 0.3));
                var workload = count == 1 ? "1 database" : $"{count:N0} databases";
                Add(variant.Name, "CPU", "% of a core", percent);
                Add(variant.Name, "memory", "MiB", memory / 1048576.0);
                Add(variant.Name, "file descriptors", "", descriptors);
                Add(variant.Name, "until all have a snapshot", "s", seconds);
                if (variant == Variant.Ours)
                {
                    // The same application without a database.
                    Add(Variant.Off, "CPU", "% of a core", nothing);
                    Add(Variant.Off, "memory", "MiB", runtime / 1048576.0);
                    Add(Variant.Off, "file descriptors", "", open);
                }

                void Add(string name, string metric, string unit, double value) => contest.Results.Add(Letter, workload, metric, unit, Better.Lower, name, value);
            }
        }
    }

    /// <summary>Measures one.</summary>
    public static async Task<(double Percent, long Memory, int Descriptors, double Seconds)> RunAsync(Contest contest, Variant variant, int count, double seconds)
    {
        var folder = contest.NewFolder();
        var template = Path.Combine(folder, "template.db");
        using (var connection = Contest.CreateDatabase(template))
        {
            Contest.Fill(connection, 10_000);
            Contest.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }

        var databases = new List<(string, ReplicaPlace)>();
        for (var i = 0; i < count; i++)
        {
            var home = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{i}"));
            Directory.CreateDirectory(home);
            File.Copy(template, Path.Combine(home, "app.db"));
            databases.Add((Path.Combine(home, "app.db"), new ReplicaPlace(Path.Combine(home, "replica"))));
        }

        await using var process = await Replicator.StartAsync(contest, variant, folder, databases);
        var waiting = new Queue<string>(databases.Select(database => database.Item2.Path));
        await Contest.UntilAsync(
            () =>
            {
                while (waiting.TryPeek(out var replica) && Contest.FindFiles(replica, "*.snapshot.lz4").Any())
                {
                    waiting.Dequeue();
                }

                return waiting.Count == 0;
            },
            process,
            pollMilliseconds: 20);
        var started = System.Diagnostics.Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds;
        // By then the runtime has compiled what it will.
        await Task.Delay(TimeSpan.FromSeconds(contest.Pick(8.0, 0.2)));
        var before = ProcFile.ThreadNanoseconds(process.Id);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var took = ProcFile.ThreadNanoseconds(process.Id).Sum(thread => thread.Value - before.GetValueOrDefault(thread.Key));
        var percent = took / 1e7 / System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (memory, descriptors) = (ProcFile.Status(process.Id, "VmRSS"), ProcFile.Descriptors(process.Id));
        await process.StopAsync(variant.IsOurs);
        Directory.Delete(folder, recursive: true);
        return (percent, memory, descriptors, started);
    }
}
