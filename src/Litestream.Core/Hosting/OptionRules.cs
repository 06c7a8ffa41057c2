namespace Litestream.Hosting;

/// <summary>Every option, and which of them apply without a restart. A test finds those that are forgotten here.</summary>
internal static class OptionRules
{
    public static readonly IReadOnlyList<OptionRule<LitestreamOptions>> ForHost =
    [
        new(nameof(LitestreamOptions.ShutdownSyncTimeout), true, static o => o.ShutdownSyncTimeout, static (from, to) => to.ShutdownSyncTimeout = from.ShutdownSyncTimeout),
        new(nameof(LitestreamOptions.ReleaseOnStop), false, static o => o.ReleaseOnStop, static (from, to) => to.ReleaseOnStop = from.ReleaseOnStop),
    ];

    public static readonly IReadOnlyList<OptionRule<DatabaseOptions>> ForDatabase =
    [
        new(nameof(DatabaseOptions.Path), false, static o => o.Path, static (from, to) => to.Path = from.Path),
        new(nameof(DatabaseOptions.MetaPath), false, static o => o.MetaPath, static (from, to) => to.MetaPath = from.MetaPath),
        new(nameof(DatabaseOptions.RestorePolicy), false, static o => o.RestorePolicy, static (from, to) => to.RestorePolicy = from.RestorePolicy),
        new(nameof(DatabaseOptions.MonitorInterval), true, static o => o.MonitorInterval, static (from, to) => to.MonitorInterval = from.MonitorInterval),
        new(nameof(DatabaseOptions.CheckpointInterval), true, static o => o.CheckpointInterval, static (from, to) => to.CheckpointInterval = from.CheckpointInterval),
        new(nameof(DatabaseOptions.MinCheckpointPages), true, static o => o.MinCheckpointPages, static (from, to) => to.MinCheckpointPages = from.MinCheckpointPages),
        new(nameof(DatabaseOptions.MaxCheckpointPages), true, static o => o.MaxCheckpointPages, static (from, to) => to.MaxCheckpointPages = from.MaxCheckpointPages),
        new(nameof(DatabaseOptions.BusyTimeout), true, static o => o.BusyTimeout, static (from, to) => to.BusyTimeout = from.BusyTimeout),
        new(nameof(DatabaseOptions.ShadowLimit), true, static o => o.ShadowLimit, static (from, to) => to.ShadowLimit = from.ShadowLimit),
    ];

    public static readonly IReadOnlyList<OptionRule<ReplicaOptions>> ForReplica =
    [
        new(nameof(ReplicaOptions.Url), false, static o => o.Url, static (from, to) => to.Url = from.Url),
        new(nameof(ReplicaOptions.SyncInterval), true, static o => o.SyncInterval, static (from, to) => to.SyncInterval = from.SyncInterval),
        new(nameof(ReplicaOptions.SnapshotInterval), true, static o => o.SnapshotInterval, static (from, to) => to.SnapshotInterval = from.SnapshotInterval),
        new(nameof(ReplicaOptions.Retention), true, static o => o.Retention, static (from, to) => to.Retention = from.Retention),
        new(nameof(ReplicaOptions.RetentionCheckInterval), true, static o => o.RetentionCheckInterval, static (from, to) => to.RetentionCheckInterval = from.RetentionCheckInterval),
        new(nameof(ReplicaOptions.ReplicaCheckInterval), true, static o => o.ReplicaCheckInterval, static (from, to) => to.ReplicaCheckInterval = from.ReplicaCheckInterval),
        new(nameof(ReplicaOptions.VerificationInterval), true, static o => o.VerificationInterval, static (from, to) => to.VerificationInterval = from.VerificationInterval),
    ];

    /// <summary>A copy that nobody else changes.</summary>
    public static LitestreamOptions Copy(LitestreamOptions options)
    {
        var copy = CopyOf(ForHost, options);
        foreach (var (name, database) in options.Databases)
        {
            copy.Databases[name] = Copy(database);
        }

        return copy;
    }

    /// <inheritdoc cref="Copy(LitestreamOptions)"/>
    public static DatabaseOptions Copy(DatabaseOptions options)
    {
        var copy = CopyOf(ForDatabase, options);
        foreach (var (replica, its) in options.Replicas)
        {
            // Nothing in the place of a replica is refused by the checks, which then name it.
            copy.Replicas[replica] = its is null ? null! : CopyOf(ForReplica, its);
        }

        return copy;
    }

    private static T CopyOf<T>(IReadOnlyList<OptionRule<T>> rules, T options)
        where T : new()
    {
        var copy = new T();
        foreach (var rule in rules)
        {
            rule.Copy(options, copy);
        }

        return copy;
    }
}
