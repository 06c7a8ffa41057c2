namespace Litestream.Hosting;

/// <summary>
/// What the host drives: the replication of one database, from its restore at start to its last sync. The host calls
/// <see cref="RestoreMissingAsync"/>, <see cref="OpenAsync"/>, <see cref="Start"/> and <see cref="StopAsync"/> in this
/// order, each once (a call that was cancelled may be repeated), and never two of them at a time;
/// <see cref="StopAsync"/> and disposal may follow any of them, also one that threw. The other members may be called at
/// any time, from any thread.
/// </summary>
internal interface IDatabaseEngine : IAsyncDisposable
{
    /// <summary>The name of the database in the options.</summary>
    string Name { get; }

    /// <summary>The full path of the database file, symbolic links resolved.</summary>
    string Path { get; }

    /// <summary>Restores the database if it is missing, as its <see cref="RestorePolicy"/> says.</summary>
    /// <returns>True if it was restored; false if there was nothing to restore, or nothing to restore from.</returns>
    /// <exception cref="ReplicaException">A replica could not be read, or is damaged; nothing was created.</exception>
    /// <exception cref="BackupNotFoundException">The policy requires a backup and there is none.</exception>
    Task<bool> RestoreMissingAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes the lock file and, if the database exists, begins to hold its WAL, so that what is written from now on is
    /// captured. A database that is missing, locked, or replicated by another process is no error: it is tried again
    /// once the loops run. Throws for misuse only: what no amount of waiting would mend.
    /// </summary>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Starts the loops. Does no I/O and does not throw.</summary>
    void Start();

    /// <summary>Goes on with other intervals and limits; everything else of the options is not looked at. Returns at once.</summary>
    void Apply(DatabaseOptions options);

    /// <inheritdoc cref="ILitestreamDatabase.SyncAsync"/>
    Task<ReplicationPosition> SyncAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.WaitForReplicationAsync"/>
    Task<ReplicationPosition> WaitForReplicationAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.WaitForReplicaAsync"/>
    Task<ReplicationPosition> WaitForReplicaAsync(string replica, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.WaitForAnyReplicaAsync"/>
    Task<ReplicationPosition> WaitForAnyReplicaAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.NotifyChanged"/>
    void NotifyChanged();

    /// <inheritdoc cref="ILitestreamDatabase.GetCommitSequence"/>
    long GetCommitSequence();

    /// <inheritdoc cref="ILitestreamDatabase.HasCommittedSince"/>
    bool HasCommittedSince(long sequence);

    /// <inheritdoc cref="ILitestreamDatabase.GetStatus"/>
    DatabaseStatus GetStatus();

    /// <inheritdoc cref="ILitestreamDatabase.SnapshotAsync"/>
    Task SnapshotAsync(string? replica, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.RestoreAsync"/>
    Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.RestoreInPlaceAsync"/>
    Task<InPlaceRestoreResult> RestoreInPlaceAsync(InPlaceRestoreOptions options, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.UndoRestoreAsync"/>
    Task<InPlaceRestoreResult> UndoRestoreAsync(
        string previousPath, Func<CancellationToken, Task> closeConnections, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.VerifyAsync"/>
    Task<VerificationResult> VerifyAsync(string? replica, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILitestreamDatabase.ListBackupsAsync"/>
    IAsyncEnumerable<BackupGeneration> ListBackupsAsync(string? replica, CancellationToken cancellationToken);

    /// <summary>
    /// Stops the loops after a last sync, makes the state durable and lets go of the lock file. Waits for the last sync
    /// no longer than the budget, and never throws because something could not be replicated: the status then still
    /// shows, per replica, what it lacks.
    /// </summary>
    /// <param name="letGo">
    /// True if the database is removed: nothing of it is held any more, whatever the options say, and this returns only once
    /// nothing runs any more, which has no bound if a client does not come back.
    /// </param>
    /// <param name="budget">Cancelled when the last sync has used up its time; what must be done to stop safely is done all the same.</param>
    Task StopAsync(bool letGo, CancellationToken budget);
}
