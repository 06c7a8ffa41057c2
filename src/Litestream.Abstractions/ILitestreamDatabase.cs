namespace Litestream;

/// <summary>The replication of one database. Thread-safe. Also a keyed service under its name.</summary>
/// <remarks>Made by this library, to be called: a later version may add members.</remarks>
public interface ILitestreamDatabase
{
    /// <summary>The name of the database in the options.</summary>
    string Name { get; }

    /// <summary>The full path of the database file.</summary>
    string Path { get; }

    /// <summary>How replication stands. From memory only, no I/O; answers at once.</summary>
    DatabaseStatus GetStatus();

    /// <summary>
    /// Reads the WAL and uploads what replicas lack, now. When it returns, everything committed before the call is
    /// restorable from every replica. Works before the host has started as well, from
    /// <see cref="ILitestream.RestoreMissingAsync"/> on.
    /// </summary>
    /// <returns>The position that is restorable.</returns>
    /// <exception cref="ReplicaException">Names each replica that failed one pass of its retries.</exception>
    /// <exception cref="LitestreamException">The database itself could not be read.</exception>
    /// <exception cref="InvalidOperationException">Replication was stopped.</exception>
    Task<ReplicationPosition> SyncAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Waits until everything committed before this call is restorable from every replica. Starts an upload if none is in
    /// flight, else joins the next, so that many callers share one. Waits, through failures that may pass, until the token
    /// is cancelled.
    /// </summary>
    /// <returns>The position that is restorable.</returns>
    /// <exception cref="LitestreamException">The database or a replica is <see cref="ReplicationState.Faulted"/>.</exception>
    /// <exception cref="InvalidOperationException">Replication was stopped.</exception>
    Task<ReplicationPosition> WaitForReplicationAsync(CancellationToken cancellationToken = default);

    /// <summary>As <see cref="WaitForReplicationAsync"/>, for one replica: the others may lag or fail.</summary>
    /// <param name="replica">The name of the replica.</param>
    /// <param name="cancellationToken">Ends the waiting, not the upload.</param>
    /// <returns>The position that is restorable from it.</returns>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    /// <exception cref="LitestreamException">The database or this replica is <see cref="ReplicationState.Faulted"/>.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running.</exception>
    Task<ReplicationPosition> WaitForReplicaAsync(string replica, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="WaitForReplicationAsync"/>, for whichever replica is first: the others may lag or fail.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the uploads.</param>
    /// <returns>The position that is restorable from at least one replica.</returns>
    /// <exception cref="LitestreamException">The database, or every replica, is <see cref="ReplicationState.Faulted"/>.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running.</exception>
    Task<ReplicationPosition> WaitForAnyReplicaAsync(CancellationToken cancellationToken = default);

    /// <summary>Says that something was committed. A wake-up, never needed for correctness; returns at once.</summary>
    void NotifyChanged();

    /// <summary>A number for <see cref="HasCommittedSince"/>, to be asked for before some work. Nanoseconds, from memory.</summary>
    /// <remarks>
    /// It moves with every commit to the database, by whichever process and connection, from the moment the commit is visible.
    /// It means nothing else: not how many commits there were, and nothing to another process or after a restart.
    /// </remarks>
    long GetCommitSequence();

    /// <summary>
    /// Whether anything was committed to the database since <see cref="GetCommitSequence"/> returned
    /// <paramref name="sequence"/>, by whichever process and connection: whether there is anything to
    /// <see cref="WaitForReplicationAsync">wait</see> for. Also true if it cannot be told: while the database cannot be opened,
    /// was replaced, or replication is stopped. Microseconds, without a lock that a commit waits for.
    /// </summary>
    /// <remarks>
    /// False once the database was removed, if everything was replicated then: what is committed after that is nobody's to
    /// replicate.
    /// </remarks>
    /// <param name="sequence">What was returned before the work; 0 to ask whether there is anything at all.</param>
    bool HasCommittedSince(long sequence);

    /// <summary>
    /// Takes a snapshot now, so that a restore need not replay the WAL before it. When this returns, everything committed
    /// before the call is restorable from the replicas asked for. Writers are not blocked. A WAL has room for one snapshot:
    /// if the one in use has its own already, none is taken, and the next one comes once the WAL has started over.
    /// </summary>
    /// <param name="replica">The name of a replica; null for all.</param>
    /// <param name="cancellationToken">Gives up waiting; what was begun may be finished later.</param>
    /// <exception cref="ArgumentException">There is no replica of this name.</exception>
    /// <exception cref="ReplicaException">Names each replica that failed.</exception>
    /// <exception cref="LitestreamException">The database could not be read, or there is no room for its image.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running.</exception>
    Task SnapshotAsync(string? replica = null, CancellationToken cancellationToken = default);

    /// <summary>Restores a copy of this database from its replicas to <see cref="RestoreOptions.OutputPath"/>; the live database is not touched.</summary>
    /// <exception cref="BackupNotFoundException">No replica has what was asked for.</exception>
    /// <exception cref="ReplicaCorruptedException">A replica is damaged; names the object.</exception>
    /// <exception cref="ReplicaException">A replica could not be read.</exception>
    /// <exception cref="IOException">The output exists, or cannot be written.</exception>
    Task<RestoreResult> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Brings the database back in place while the application runs. First the restored file is made beside the database, while
    /// everything goes on. Then <see cref="InPlaceRestoreOptions.CloseConnections"/> is called, and once nobody has the
    /// database open any more, the files are exchanged: at every moment, also of a crash, the path holds the old database or the
    /// new one, whole, and no side file of the old one. Replication goes on in a new generation.
    /// </summary>
    /// <returns>Where the database lies as it was before.</returns>
    /// <exception cref="ArgumentException">The options are incomplete, or contradict themselves.</exception>
    /// <exception cref="BackupNotFoundException">No replica has what was asked for.</exception>
    /// <exception cref="ReplicaException">A replica is damaged or could not be read.</exception>
    /// <exception cref="IOException">The database is still open, here or in another process, or could not be exchanged. It is as it was.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running here: it is stopped, or another process has it.</exception>
    Task<InPlaceRestoreResult> RestoreInPlaceAsync(InPlaceRestoreOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts back what an in-place restore took away, in the same way. What had been restored is then the previous database,
    /// and the file at <paramref name="previousPath"/> is gone.
    /// </summary>
    /// <param name="previousPath"><see cref="InPlaceRestoreResult.PreviousPath"/>.</param>
    /// <param name="closeConnections">See <see cref="InPlaceRestoreOptions.CloseConnections"/>.</param>
    /// <param name="cancellationToken">Gives up; nothing is changed.</param>
    /// <exception cref="IOException">The file is missing or no sound database, or the database is still open. Nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running here.</exception>
    Task<InPlaceRestoreResult> UndoRestoreAsync(
        string previousPath, Func<CancellationToken, Task> closeConnections, CancellationToken cancellationToken = default);

    /// <summary>
    /// Proves that replicas restore to what the database holds: uploads what they lack, restores each at a position into
    /// a temporary file in the meta directory, and compares it with the live database at that position, page by page. Blocks
    /// no writer and writes nothing to the database. A difference is also logged as an error, shown in the status, and starts
    /// a new generation.
    /// </summary>
    /// <param name="replica">The name of one replica; null for all, one after the other.</param>
    /// <param name="cancellationToken">Gives up; the temporary files go away.</param>
    /// <returns>What was found; a difference is a result, not an exception.</returns>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    /// <exception cref="ReplicaException">A replica could not be written to or read: whether it is sound is not known.</exception>
    /// <exception cref="LitestreamException">The database could not be read, or there is no room for a copy of it.</exception>
    /// <exception cref="InvalidOperationException">Replication is not running.</exception>
    Task<VerificationResult> VerifyAsync(string? replica = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Lists what the replicas hold of this database: generations, the newest first within each replica, with their snapshots,
    /// sizes and the times that can be restored. Reads the replicas, not the database.
    /// </summary>
    /// <param name="replica">The name of one replica; null for all, in the order of their names.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">There is no such replica.</exception>
    /// <exception cref="ReplicaException">A replica could not be read.</exception>
    IAsyncEnumerable<BackupGeneration> ListBackupsAsync(string? replica = null, CancellationToken cancellationToken = default);
}
