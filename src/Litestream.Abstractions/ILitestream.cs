namespace Litestream;

/// <summary>The replication of all databases of this application. A singleton; thread-safe.</summary>
/// <remarks>Made by this library, to be called: a later version may add members.</remarks>
public interface ILitestream
{
    /// <summary>
    /// The databases as they are now, in order of name. What is returned never changes, and is the same object until a database
    /// is added or removed.
    /// </summary>
    IReadOnlyList<ILitestreamDatabase> Databases { get; }

    /// <summary>
    /// Raised after a database or a replica has changed its state, for alerts. On a thread of the pool, in order, one call
    /// at a time, outside all locks: a handler may take its time or throw without hurting the replication. One that does
    /// not keep up loses the oldest changes, which the log says.
    /// </summary>
    event EventHandler<ReplicationStateChangedEventArgs> StateChanged;

    /// <summary>The database with this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those there are.</exception>
    ILitestreamDatabase GetDatabase(string name);

    /// <summary>The database whose file this is. Does not depend on how many there are.</summary>
    /// <param name="path">Path of the database file; symbolic links are resolved. Relative to the working directory, as SQLite takes it.</param>
    /// <returns>Null if it is not replicated.</returns>
    ILitestreamDatabase? FindDatabase(string path);

    /// <summary>
    /// Adds a database while the application runs: checks its options as at start, restores it if its file is missing, as its
    /// <see cref="RestorePolicy"/> says, holds its WAL and replicates it. When this returns the database may be opened and
    /// written to. If it throws, nothing was added. It can be called before the host starts as well: then the database is held,
    /// and is replicated from the start on.
    /// </summary>
    /// <remarks>
    /// An <c>OptionsValidationException</c> says everything that is wrong with the options; also that another database has the same
    /// file, meta folder or place of a replica. Calls for different databases run beside each other; those for one name, removals too, one after the other. A database
    /// that is in use by another process of this machine is added, and taken over once that one lets go, as at start. Changes
    /// of the configuration do not concern a database that was added here.
    /// </remarks>
    /// <param name="name">Its name, which no other database has, in whatever case.</param>
    /// <param name="options">Its options, of which a copy is taken.</param>
    /// <param name="cancellationToken">Gives up; nothing is added, and nothing half restored is left.</param>
    /// <returns>The database.</returns>
    /// <exception cref="InvalidOperationException">There is a database of this name; or the host was stopped, or stops meanwhile.</exception>
    /// <exception cref="ReplicaException">A replica could not be read, or holds a damaged backup: nothing was created.</exception>
    /// <exception cref="BackupNotFoundException">The policy is <see cref="RestorePolicy.Required"/> and there is no backup.</exception>
    Task<ILitestreamDatabase> AddDatabaseAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Removes a database: a last sync, so that everything committed before the call is on every replica, and then nothing of it
    /// is held open any more. Its backup stays, and so do its files. If the last sync fails, or takes longer than
    /// <see cref="LitestreamOptions.ShutdownSyncTimeout"/>, this throws, and the database is replicated as before.
    /// </summary>
    /// <remarks>
    /// Close the application's connections first, those in pools too: what is committed while or after it is let go of is not
    /// replicated. A database whose file is gone, or that another process replicates, has no last sync. An in-place restore that
    /// has not begun to exchange the files is given up.
    /// </remarks>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">
    /// Gives up. Once the last sync is done the database is let go of all the same, and its name is free when that is over.
    /// </param>
    /// <exception cref="KeyNotFoundException">There is no such database.</exception>
    /// <exception cref="ReplicaException">A replica does not have everything. The database was not removed.</exception>
    /// <exception cref="LitestreamException">The database could not be read. It was not removed.</exception>
    /// <exception cref="InvalidOperationException">The host was stopped, or stops meanwhile, with a last sync of its own.</exception>
#pragma warning disable RS0027 // The other overload takes a flag in between: no call fits both.
    Task RemoveDatabaseAsync(string name, CancellationToken cancellationToken = default);
#pragma warning restore RS0027

    /// <summary>
    /// The same; with <paramref name="evenIfUnreplicated"/> the last sync is tried within the same time, and the database is let
    /// go of whatever comes of it. What is not replicated then is said in a warning, and lies in the database and its meta folder only.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="evenIfUnreplicated">Whether it is removed although a replica lacks something.</param>
    /// <param name="cancellationToken">Gives up, as above.</param>
    /// <inheritdoc cref="RemoveDatabaseAsync(string, CancellationToken)"/>
    Task RemoveDatabaseAsync(string name, bool evenIfUnreplicated, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes for good what the replicas of a removed database hold: every generation with its snapshots and WAL. There is no
    /// way back, but for the versions that a store may keep. Refuses while the database, or another one of this application, is
    /// replicated there, or another process of this machine replicates it; that no other machine does is for the caller to know.
    /// </summary>
    /// <remarks>
    /// Broken off, it leaves the newest backup or none, never an older one in its place; call it again to finish. The files of
    /// the database are not touched, nor is what else lies at the place of a replica.
    /// </remarks>
    /// <param name="name">The name of the database.</param>
    /// <param name="options">The options it was added with: they say where its backup lies.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How much was deleted; nothing if there was no backup.</returns>
    /// <exception cref="InvalidOperationException">It is in use, the options are not sound, or the host was stopped. Nothing was deleted.</exception>
    /// <exception cref="ReplicaException">A replica could not be read, or refuses to delete; names each. Some of it may be deleted.</exception>
    Task<BackupDeletion> DeleteBackupAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default);

    /// <summary>
    /// Restores every database whose file is missing, as its <see cref="RestorePolicy"/> says, and begins to hold the
    /// WAL, so that what is written right afterwards is captured. Does its work once; later calls return its outcome.
    /// </summary>
    /// <exception cref="ReplicaException">A replica could not be read, or holds a damaged backup: nothing was created.</exception>
    /// <exception cref="BackupNotFoundException">The policy is <see cref="RestorePolicy.Required"/> and there is no backup.</exception>
    Task RestoreMissingAsync(CancellationToken cancellationToken = default);

    /// <summary>Runs <see cref="ILitestreamDatabase.SyncAsync"/> on all databases at once.</summary>
    /// <exception cref="ReplicaException">Names each replica that failed.</exception>
    Task SyncAsync(CancellationToken cancellationToken = default);
}
