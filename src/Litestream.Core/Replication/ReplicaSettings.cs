namespace Litestream.Replication;

/// <summary>What of a replica's options can change while it is replicated to. Thread-safe.</summary>
/// <param name="options">What they are at first.</param>
internal sealed class ReplicaSettings(ReplicaOptions options)
{
    /// <summary>Raised when something has changed, so that what waits for a clock looks again.</summary>
    public event Action? Changed;

    public Setting<TimeSpan> SyncInterval { get; } = new(options.SyncInterval);

    public Setting<TimeSpan?> SnapshotInterval { get; } = new(options.SnapshotInterval);

    public Setting<TimeSpan?> Retention { get; } = new(options.Retention);

    public Setting<TimeSpan> RetentionCheckInterval { get; } = new(options.RetentionCheckInterval);

    public Setting<TimeSpan> ReplicaCheckInterval { get; } = new(options.ReplicaCheckInterval);

    /// <summary>Takes over what has changed.</summary>
    public void Apply(ReplicaOptions options)
    {
        SyncInterval.Value = options.SyncInterval;
        SnapshotInterval.Value = options.SnapshotInterval;
        Retention.Value = options.Retention;
        RetentionCheckInterval.Value = options.RetentionCheckInterval;
        ReplicaCheckInterval.Value = options.ReplicaCheckInterval;
        Changed?.Invoke();
    }
}
