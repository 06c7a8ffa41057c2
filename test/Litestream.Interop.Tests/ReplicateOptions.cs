namespace Litestream.Interop;

/// <summary>The settings of the real program that the tests turn, in its own spelling.</summary>
internal sealed record ReplicateOptions
{
    public string CheckpointInterval { get; init; } = "1s";

    /// <summary>
    /// Low enough for many indexes, and so high that no writer of ours fills it inside the program's own checkpoint,
    /// where it loses frames (a fault of that version, which would make the comparison meaningless).
    /// </summary>
    public int MinCheckpointPages { get; init; } = 200;

    public string Retention { get; init; } = "24h";

    public string RetentionCheckInterval { get; init; } = "1h";

    public string SnapshotInterval { get; init; } = "0s";
}
