namespace Litestream;

/// <summary>The replication of all databases of this application. A singleton; thread-safe.</summary>
/// <remarks>Made by this library, to be called: a later version may add members.</remarks>
public interface ILitestream
{
    /// <summary>The databases, in order of name.</summary>
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
