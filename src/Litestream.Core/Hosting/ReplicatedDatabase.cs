namespace Litestream.Hosting;

/// <summary>A database as the application sees it: the public face of its engine.</summary>
/// <remarks>Not disposable, so that a container which hands it out does not end the replication with a scope.</remarks>
internal sealed class ReplicatedDatabase(IDatabaseEngine engine) : ILitestreamDatabase
{
    /// <inheritdoc/>
    public string Name => engine.Name;

    /// <inheritdoc/>
    public string Path => engine.Path;

    /// <inheritdoc/>
    public DatabaseStatus GetStatus() => engine.GetStatus();

    /// <inheritdoc/>
    public Task<ReplicationPosition> SyncAsync(CancellationToken cancellationToken = default) => engine.SyncAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<ReplicationPosition> WaitForReplicationAsync(CancellationToken cancellationToken = default) =>
        engine.WaitForReplicationAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<ReplicationPosition> WaitForReplicaAsync(string replica, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(replica);
        return engine.WaitForReplicaAsync(replica, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ReplicationPosition> WaitForAnyReplicaAsync(CancellationToken cancellationToken = default) =>
        engine.WaitForAnyReplicaAsync(cancellationToken);

    /// <inheritdoc/>
    public void NotifyChanged() => engine.NotifyChanged();

    /// <inheritdoc/>
    public long GetCommitSequence() => engine.GetCommitSequence();

    /// <inheritdoc/>
    public bool HasCommittedSince(long sequence) => engine.HasCommittedSince(sequence);

    /// <inheritdoc/>
    public Task SnapshotAsync(string? replica = null, CancellationToken cancellationToken = default) =>
        engine.SnapshotAsync(replica, cancellationToken);

    /// <inheritdoc/>
    public Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return engine.RestoreAsync(options, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<InPlaceRestoreResult> RestoreInPlaceAsync(InPlaceRestoreOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return engine.RestoreInPlaceAsync(options, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<InPlaceRestoreResult> UndoRestoreAsync(
        string previousPath, Func<CancellationToken, Task> closeConnections, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(previousPath);
        ArgumentNullException.ThrowIfNull(closeConnections);
        return engine.UndoRestoreAsync(previousPath, closeConnections, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<VerificationResult> VerifyAsync(string? replica = null, CancellationToken cancellationToken = default) =>
        engine.VerifyAsync(replica, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<BackupGeneration> ListBackupsAsync(string? replica = null, CancellationToken cancellationToken = default) =>
        engine.ListBackupsAsync(replica, cancellationToken);
}
