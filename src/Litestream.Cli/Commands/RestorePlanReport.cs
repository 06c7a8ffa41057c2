using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary>What would be restored.</summary>
internal sealed record RestorePlanReport(
    bool DryRun,
    string Output,
    string Replica,
    string Generation,
    int SnapshotIndex,
    DateTimeOffset SnapshotCreated,
    int WalSegments,
    int LastIndex,
    DateTimeOffset LastCreated,
    long Bytes)
{
    public static RestorePlanReport Of(RestoreChoice choice, string output)
    {
        var plan = choice.Plan;
        var last = plan.Segments.Count > 0 ? plan.Segments[^1].Source : null;
        return new RestorePlanReport(
            DryRun: true,
            output,
            choice.Replica.Name,
            plan.Generation,
            plan.Snapshot.Index,
            plan.Snapshot.CreatedAt,
            plan.Segments.Count,
            last?.Index ?? plan.Snapshot.Index,
            last?.CreatedAt ?? plan.Snapshot.CreatedAt,
            plan.Objects.Sum(item => item.Size));
    }
}
