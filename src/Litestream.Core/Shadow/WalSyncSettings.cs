namespace Litestream.Shadow;

/// <summary>When the capture checkpoints; see <see cref="DatabaseOptions"/>.</summary>
internal sealed record WalSyncSettings
{
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(1);

    public uint MinCheckpointPages { get; init; } = 1000;

    public uint MaxCheckpointPages { get; init; } = 10_000;

    /// <summary>Test only: checkpoints as Litestream v0.3.13 does, release, checkpoint, re-acquire, which loses frames.</summary>
    public bool ReleaseBeforeCheckpoint { get; init; }

    /// <summary>Test only: called before and after every copy, where a thread may be put to sleep while others go on.</summary>
    public Action? Pause { get; init; }
}
