namespace Litestream;

/// <summary>How one database is replicated.</summary>
public sealed class DatabaseOptions
{
    /// <summary>The database file; relative to the content root. A path, not a connection string.</summary>
    public string Path { get; set; } = "";

    /// <summary>The replicas by name; at least one.</summary>
    public IDictionary<string, ReplicaOptions> Replicas { get; } = new Dictionary<string, ReplicaOptions>(StringComparer.Ordinal);

    /// <summary>The folder for the local copy of the WAL and the state; relative to the content root.</summary>
    /// <value>Default: null, which means <c>.FILE-litestream-net</c> beside the database.</value>
    public string? MetaPath { get; set; }

    /// <summary>Whether the database is restored at start.</summary>
    /// <value>Default: <see cref="RestorePolicy.IfMissing"/>.</value>
    public RestorePolicy RestorePolicy { get; set; } = RestorePolicy.IfMissing;

    /// <summary>The slowest the idle watcher looks for commits; while there is traffic it looks every millisecond.</summary>
    /// <value>Default: 50 ms.</value>
    public TimeSpan MonitorInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How often the WAL is checkpointed when there is something to checkpoint. Zero: only by page count.</summary>
    /// <value>Default: 1 minute.</value>
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>From this many pages in the WAL on a checkpoint is tried, without any lock that a writer waits for.</summary>
    /// <value>Default: 1000.</value>
    public int MinCheckpointPages { get; set; } = 1000;

    /// <summary>The hard limit, in pages of the WAL, above which the write lock may be taken for a few milliseconds.</summary>
    /// <value>Default: 10 000.</value>
    public int MaxCheckpointPages { get; set; } = 10_000;

    /// <summary>How long our own connections wait for a lock.</summary>
    /// <value>Default: 1 second.</value>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes on disk that may be held back for a replica that lags; past it, that replica starts afresh with a snapshot.</summary>
    /// <value>Default: 1 GiB.</value>
    public long ShadowLimit { get; set; } = 1L << 30;
}
