namespace Litestream.SideBySide;

/// <summary>When a program checkpoints and takes snapshots: both get the same.</summary>
internal sealed record Pace
{
    public int MonitorMilliseconds { get; init; } = 10;

    public int CheckpointMilliseconds { get; init; } = 60_000;

    /// <summary>By default an index takes about five rounds of ten transfers.</summary>
    public int MinCheckpointPages { get; init; } = 150;

    /// <summary>Above this litestream uses RESTART; here a short write lock may be taken.</summary>
    public int MaxCheckpointPages { get; init; } = 10_000;

    /// <summary>Zero: none but the first of a generation.</summary>
    public int SnapshotMilliseconds { get; init; }
}
