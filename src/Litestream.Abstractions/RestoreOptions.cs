namespace Litestream;

/// <summary>What to restore, and where to. Default: the latest state of the newest generation.</summary>
public sealed class RestoreOptions
{
    /// <summary>The file to create. Required. It must not exist, nor may its <c>-wal</c>, <c>-shm</c> or <c>-journal</c> be in use.</summary>
    public string OutputPath { get; set; } = "";

    /// <summary>The replica to restore from; null tries those of the database and takes the one that is furthest. Only for a database's own restore.</summary>
    public string? Replica { get; set; }

    /// <summary>The generation to restore; null takes the newest that has what is asked for.</summary>
    public string? Generation { get; set; }

    /// <summary>
    /// Restore to the end of this WAL index. One past the end of the backup is a <see cref="BackupNotFoundException"/> with
    /// the bounds: the latest state is not what was asked for. Excludes <see cref="Timestamp"/> and <see cref="Position"/>.
    /// </summary>
    public int? Index { get; set; }

    /// <summary>
    /// Restore to this moment. After the last commit and not in the future it gives the end; before the first, or in the
    /// future, it is a <see cref="BackupNotFoundException"/> with the bounds. Excludes <see cref="Index"/> and <see cref="Position"/>.
    /// </summary>
    public DateTimeOffset? Timestamp { get; set; }

    /// <summary>Restore exactly this position. Excludes <see cref="Index"/>, <see cref="Timestamp"/> and a differing <see cref="Generation"/>.</summary>
    public ReplicationPosition? Position { get; set; }

    /// <summary>How many objects are downloaded at once.</summary>
    /// <value>Default: 8. From 1 to 64.</value>
    public int Parallelism { get; set; } = 8;

    /// <summary>Told about progress, a few times a second at most. Called from the restoring task.</summary>
    public IProgress<RestoreProgress>? Progress { get; set; }

    /// <summary>Which of SQLite's checks the result must pass.</summary>
    /// <value>Default: <see cref="IntegrityCheck.Auto"/>.</value>
    public IntegrityCheck IntegrityCheck { get; set; } = IntegrityCheck.Auto;
}
