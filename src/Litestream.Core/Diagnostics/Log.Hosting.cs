using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <summary>Hosting: 1000 to 1999.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Warning, "Litestream was added to this application, but no databases are configured: nothing is replicated", EventName = nameof(NoDatabases))]
    public static partial void NoDatabases(ILogger logger);

    [LoggerMessage(1001, LogLevel.Information, "Replicating database {Database} at {DatabasePath}; meta folder {MetaPath}, restore policy {RestorePolicy}, monitor interval {MonitorInterval}, checkpoint interval {CheckpointInterval}, checkpoint pages {MinCheckpointPages} to {MaxCheckpointPages}, busy timeout {BusyTimeout}, shadow limit {ShadowLimit} bytes", EventName = nameof(DatabaseStarted))]
    public static partial void DatabaseStarted(
        ILogger logger, string database, string databasePath, string metaPath, RestorePolicy restorePolicy, TimeSpan monitorInterval,
        TimeSpan checkpointInterval, int minCheckpointPages, int maxCheckpointPages, TimeSpan busyTimeout, long shadowLimit);

    [LoggerMessage(1002, LogLevel.Information, "Database {Database} is replicated to {Replica} at {Location}, at most every {SyncInterval} while nobody waits", EventName = nameof(ReplicaStarted))]
    public static partial void ReplicaStarted(ILogger logger, string database, string replica, string location, TimeSpan syncInterval);

    [LoggerMessage(1003, LogLevel.Information, "Database {Database} was missing and has been restored to {DatabasePath}", EventName = nameof(DatabaseRestored))]
    public static partial void DatabaseRestored(ILogger logger, string database, string databasePath);

    [LoggerMessage(1004, LogLevel.Error, "Database {Database} is missing and could not be restored; the application does not start, so that it does not go on with an empty database. Mend the replica, or set RestorePolicy to Never to start without a restore", EventName = nameof(RestoreAtStartFailed))]
    public static partial void RestoreAtStartFailed(ILogger logger, string database, Exception exception);

    [LoggerMessage(1005, LogLevel.Information, "Replication of database {Database} has stopped; every replica can be restored to {Position}", EventName = nameof(DatabaseStopped))]
    public static partial void DatabaseStopped(ILogger logger, string database, ReplicationPosition position);

    [LoggerMessage(1006, LogLevel.Warning, "Replication of database {Database} has stopped, and replica {Replica} lacks commits: it can be restored to {ReplicaPosition}, the database is at {Position}, the oldest commit missing is {Lag} old. They are uploaded after the next start, unless this disk is lost. Last error: {LastError}", EventName = nameof(NotReplicatedAtStop))]
    public static partial void NotReplicatedAtStop(
        ILogger logger, string database, string replica, string replicaPosition, ReplicationPosition position, TimeSpan lag, string? lastError);

    [LoggerMessage(1007, LogLevel.Error, "Replication of database {Database} did not stop cleanly", EventName = nameof(StopFailed))]
    public static partial void StopFailed(ILogger logger, string database, Exception exception);

    [LoggerMessage(1008, LogLevel.Information, "Replication of database {Database} has stopped; nothing was captured, its state was {State}", EventName = nameof(StoppedWithoutCapture))]
    public static partial void StoppedWithoutCapture(ILogger logger, string database, ReplicationState state);

    [LoggerMessage(1009, LogLevel.Warning, "Replication of database {Database} has stopped, and the database could not be read: what was committed after {LastSyncedAt} may not be on its replicas. It is uploaded after the next start, unless this disk is lost. Last error: {LastError}", EventName = nameof(NotReadableAtStop))]
    public static partial void NotReadableAtStop(ILogger logger, string database, DateTimeOffset? lastSyncedAt, string? lastError);

    [LoggerMessage(1010, LogLevel.Information, "Database {Database} at {DatabasePath} was removed and is not replicated any more. Its backup stays, and so do its files", EventName = nameof(DatabaseRemoved))]
    public static partial void DatabaseRemoved(ILogger logger, string database, string databasePath);

    [LoggerMessage(1011, LogLevel.Warning, "The backup of database {Database} on replica {Replica} was deleted on demand: {Objects} objects with {Bytes} bytes", EventName = nameof(BackupDeleted))]
    public static partial void BackupDeleted(ILogger logger, string database, string replica, long objects, long bytes);
}
