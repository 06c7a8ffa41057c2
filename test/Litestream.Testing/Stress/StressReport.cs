using System.Globalization;
using Litestream.Shadow;
using Litestream.Sqlite;

namespace Litestream.Testing.Stress;

/// <summary>What happened in a stress run.</summary>
public sealed class StressReport
{
    internal Dictionary<CheckpointOutcome, int> Checkpoints { get; } = [];

    internal Dictionary<GenerationReason, int> Generations { get; } = [];

    internal Dictionary<string, int> Restarts { get; } = [];

    public int Compared { get; internal set; }

    public int Passes { get; internal set; }

    public int Rebases { get; internal set; }

    public int Refusals { get; internal set; }

    public long Frames { get; internal set; }

    public long Commits { get; internal set; }

    public int WalRestarts { get; internal set; }

    public int Kills { get; internal set; }

    public int ForeignRuns { get; internal set; }

    public long Written { get; internal set; }

    /// <summary>What went wrong; null if nothing did.</summary>
    public string? Failure { get; internal set; }

    /// <summary>True if what went wrong is that the shadow was not the database.</summary>
    public bool IsMismatch { get; internal set; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Compared} syncs compared of {Passes}, {Rebases} images, {Frames} frames, {Commits} commits, {WalRestarts} WAL restarts, {Kills} kills, {ForeignRuns} foreign runs, {Written} statements in process, checkpoints: {List(Checkpoints)}, generations: {List(Generations)}, capture restarts: {List(Restarts)}, refusals: {Refusals}: {Failure ?? "PASS"}");

    private static string List<T>(Dictionary<T, int> counts)
        where T : notnull =>
        counts.Count == 0 ? "none" : string.Join(", ", counts.OrderBy(pair => $"{pair.Key}", StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));
}
