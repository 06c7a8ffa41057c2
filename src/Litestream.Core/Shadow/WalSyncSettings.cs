using Litestream.Diagnostics;

namespace Litestream.Shadow;

/// <summary>When the capture checkpoints; see <see cref="DatabaseOptions"/>. Changed and used by one thread at a time.</summary>
internal sealed record WalSyncSettings
{
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMinutes(1);

    public uint MinCheckpointPages { get; set; } = 1000;

    public uint MaxCheckpointPages { get; set; } = 10_000;

    /// <summary>Test only: checkpoints as Litestream v0.3.13 does, release, checkpoint, re-acquire, which loses frames.</summary>
    public bool ReleaseBeforeCheckpoint { get; init; } = Mutations.Made == Mutation.ReleaseBeforeCheckpoint;

    /// <summary>Test only: called before and after every copy, where a thread may be put to sleep while others go on.</summary>
    public Action? Pause { get; init; }

    /// <summary>Those of a database.</summary>
    public static WalSyncSettings Of(DatabaseOptions options, Action? pause)
    {
        var settings = new WalSyncSettings { Pause = pause };
        settings.Apply(options);
        return settings;
    }

    /// <summary>Takes over what has changed.</summary>
    public void Apply(DatabaseOptions options)
    {
        CheckpointInterval = options.CheckpointInterval;
        (MinCheckpointPages, MaxCheckpointPages) = ((uint)options.MinCheckpointPages, (uint)options.MaxCheckpointPages);
    }
}
