namespace Litestream.AspNetCore.StatusPage;

/// <summary>The answer of <c>history</c>: what can be restored from one replica, and the databases that restores in place put aside.</summary>
internal sealed record PageHistory
{
    public required string Database { get; init; }

    public required string Replica { get; init; }

    /// <summary>When the replica was listed.</summary>
    public required DateTimeOffset ListedAt { get; init; }

    /// <summary>The newest first.</summary>
    public required IReadOnlyList<PageGeneration> Generations { get; init; }

    /// <summary>Whether there are older ones, or more snapshots, than are shown.</summary>
    public required bool Truncated { get; init; }

    /// <summary>The newest first. Empty where restoring in place is not allowed.</summary>
    public required IReadOnlyList<PreviousDatabase> Previous { get; init; }
}
