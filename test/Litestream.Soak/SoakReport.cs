using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Litestream.Soak;

/// <summary>A run as Markdown, for docs/TRUST.md.</summary>
internal static class SoakReport
{
    private static readonly Measure[] OfPhases =
        [Measure.ResidentMemory, Measure.Handles, Measure.Threads, Measure.Wal, Measure.Shadow, Measure.Spool, Measure.Objects, Measure.ReplicaBytes, Measure.Lag];

    public static string Of(SoakResult result) => string.Join('\n',
    [
        $"**{(result.Passed ? "Passed" : "FAILED")}**: {Words.Of(result.Took)}, {result.Cycles.Count} cycles of {Words.Of(result.Pace.Cycle)}, of which the first {result.Pace.WarmUp} for warming up.",
        "",
        .. Machine(result),
        "",
        .. Phases(result),
        "",
        .. Cycles(result),
        "",
        "What was done:",
        "",
        .. result.Did.Select(line => $"- {line}"),
        "",
        .. Findings(result),
        .. Remarks("Failures", [.. result.Tally.Failures]),
        .. Remarks("Warnings and errors in the log", result.Logged),
        "",
    ]);

    private static IEnumerable<string> Machine(SoakResult result)
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var load = result.LoadAverage is { } average
            ? string.Create(CultureInfo.InvariantCulture, $"; load average between {average.Least:0.0} and {average.Most:0.0}, with whatever else ran")
            : "";
        yield return $"- machine: {Environment.ProcessorCount} cores, {Words.Of(memory, Unit.Bytes)}, {RuntimeInformation.OSDescription}, .NET {Environment.Version}, SQLite {connection.ServerVersion}{load}";
        yield return $"- command: `dotnet run -c Release --project test/Litestream.Soak -- --minutes {result.Options.Duration.TotalMinutes.ToString(CultureInfo.InvariantCulture)} --seed {result.Options.Seed} --report FILE`";
        yield return $"- replicas: a folder for each database{(result.Databases.Any(database => database.Replicas.Count > 1) ? $", S3 for two of them ({Environment.GetEnvironmentVariable("S3_SERVER") ?? "a server of one's own"} on the loopback interface)" : "; no S3, as no server was given")}";
        yield return $"- settings: sync {Words.Of(result.Pace.SyncInterval)}, checkpoints {Words.Of(result.Pace.CheckpointInterval)}, snapshots {Words.Of(result.Pace.SnapshotInterval)}, retention {Words.Of(result.Pace.Retention)}, looked at every {Words.Of(result.Pace.RetentionCheckInterval)}, verification {Words.Of(result.Pace.VerificationInterval)}";
        yield return $"- databases: {string.Join(", ", result.Databases.Select(database => $"`{database.Name}` (pages of {database.PageSize} bytes, wal_autocheckpoint {database.AutoCheckpoint})"))}";
    }

    private static IEnumerable<string> Phases(SoakResult result)
    {
        yield return "By phase, over all cycles: the largest value, and for memory, open files and threads the median. Lag counts from the commit, and what is here is of the replica that lagged most.";
        yield return "";
        yield return Row(["phase", "length", "commits", "p50", "p99", "longest", "waited for replicas, p50", "p99", "processor", .. OfPhases.Select(measure => measure.Name)]);
        yield return Row(Enumerable.Repeat("---", 9 + OfPhases.Length));
        foreach (var phase in Enum.GetValues<Phase>())
        {
            var (commits, waits) = (result.Tally.Commits(phase), result.Tally.Waits(phase));
            yield return Row(
            [
                phase.ToString(),
                phase == Phase.Restore ? "" : Words.Of(result.Pace.Of(phase)),
                commits.Count.ToString(CultureInfo.InvariantCulture),
                commits.Count == 0 ? "" : Words.Of(commits.Percentile(0.5)),
                commits.Count == 0 ? "" : Words.Of(commits.Percentile(0.99)),
                commits.Count == 0 ? "" : Words.Of(commits.Longest),
                waits.Count == 0 ? "" : Words.Of(waits.Percentile(0.5)),
                waits.Count == 0 ? "" : Words.Of(waits.Percentile(0.99)),
                result.Processor.TryGetValue(phase, out var processor) ? string.Create(CultureInfo.InvariantCulture, $"{100 * processor:0.0} %") : "",
                .. OfPhases.Select(measure => OfPhase(result, measure, phase)),
            ]);
        }
    }

    private static string OfPhase(SoakResult result, Measure measure, Phase phase)
    {
        var values = result.Cycles.Where(cycle => cycle.ByPhase.ContainsKey((measure, phase))).Select(cycle => cycle.ByPhase[(measure, phase)]).ToList();
        return values.Count == 0 ? "" : Words.Of(measure.IsPeak ? values.Max(value => value.Largest) : SeriesOfCycle.Median(values.Select(value => value.Median)), measure.Unit);
    }

    private static IEnumerable<string> Cycles(SoakResult result)
    {
        yield return "Cycle by cycle: of memory, open files and threads the median, of the others the largest value.";
        yield return "";
        yield return Row(["measure", "first cycle", "median after the warm-up", "last cycle", "all cycles"]);
        yield return Row(Enumerable.Repeat("---", 5));
        foreach (var measure in Measure.All)
        {
            var values = result.Cycles.Where(cycle => cycle.Values.ContainsKey(measure)).Select(cycle => cycle.Values[measure]).ToList();
            if (values.Count > 0)
            {
                var after = values.Count > result.Pace.WarmUp ? values[result.Pace.WarmUp..] : values;
                yield return Row(
                [
                    measure.Name, Words.Of(values[0], measure.Unit), Words.Of(SeriesOfCycle.Median(after), measure.Unit), Words.Of(values[^1], measure.Unit),
                    $"`{Words.Bars(values)}`",
                ]);
            }
        }
    }

    private static IEnumerable<string> Findings(SoakResult result)
    {
        yield return $"What has to hold. Of a bound the value is shown that came closest to it. {(result.Pace.JudgesTrends
            ? $"A measure grows if the median slope between all pairs of cycles after the warm-up (Theil and Sen), times their number, is above the bound, and the test of Mann and Kendall gives chance less than {Trend.Significance.ToString(CultureInfo.InvariantCulture)}."
            : "Trends are not judged: there are too few cycles.")}";
        yield return "";
        yield return Row(["what", "measured", "bound", ""]);
        yield return Row(Enumerable.Repeat("---", 4));
        foreach (var finding in result.Findings)
        {
            yield return Row([finding.What, finding.Measured, finding.Bound, finding.Holds ? "holds" : "**DOES NOT HOLD**"]);
        }
    }

    private static IEnumerable<string> Remarks(string heading, IReadOnlyList<string> lines) =>
        lines.Count == 0 ? ["", $"{heading}: none."] : ["", $"{heading}:", "", .. lines.Select(line => $"- {line.ReplaceLineEndings(" ")}")];

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |";
}
