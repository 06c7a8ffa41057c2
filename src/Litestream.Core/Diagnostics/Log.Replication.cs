using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <summary>Replication: 3000 to 3999.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3000, EventName = "ReplicaResumed", Level = LogLevel.Information,
        Message = "Replica '{Replica}' of database '{Database}' goes on from {Position}")]
    public static partial void ReplicaResumed(ILogger logger, string replica, string database, ReplicationPosition position);

    [LoggerMessage(EventId = 3001, EventName = "SnapshotUploaded", Level = LogLevel.Information,
        Message = "Snapshot '{Key}' uploaded to replica '{Replica}' of database '{Database}' (exactly {Position}, {RawBytes} bytes, {StoredBytes} stored)")]
    public static partial void SnapshotUploaded(
        ILogger logger, string key, string replica, string database, ReplicationPosition position, long rawBytes, long storedBytes);

    [LoggerMessage(EventId = 3002, EventName = "SnapshotAdopted", Level = LogLevel.Information,
        Message = "Snapshot '{Key}' is on replica '{Replica}' of database '{Database}' already, from an earlier attempt")]
    public static partial void SnapshotAdopted(ILogger logger, string key, string replica, string database);

    [LoggerMessage(EventId = 3003, EventName = "SegmentUploaded", Level = LogLevel.Debug,
        Message = "Segment '{Key}' uploaded to replica '{Replica}' of database '{Database}' ({RawBytes} bytes, {StoredBytes} stored)")]
    public static partial void SegmentUploaded(
        ILogger logger, string key, string replica, string database, long rawBytes, long storedBytes);

    [LoggerMessage(EventId = 3004, EventName = "SegmentAdopted", Level = LogLevel.Information,
        Message = "Segment '{Key}' is on replica '{Replica}' of database '{Database}' already, from an earlier attempt ({RawBytes} bytes)")]
    public static partial void SegmentAdopted(ILogger logger, string key, string replica, string database, long rawBytes);

    [LoggerMessage(EventId = 3005, EventName = "GenerationRefused", Level = LogLevel.Warning,
        Message = "Generation {Generation} of database '{Database}' cannot go on ({Reason}): {Detail}. A new generation is asked for")]
    public static partial void GenerationRefused(ILogger logger, string generation, string database, string reason, string detail);

    [LoggerMessage(EventId = 3006, EventName = "GenerationDrained", Level = LogLevel.Debug,
        Message = "Replica '{Replica}' of database '{Database}' has what was captured of generation {Generation}, up to {Position}")]
    public static partial void GenerationDrained(
        ILogger logger, string replica, string database, string generation, ReplicationPosition position);

    [LoggerMessage(EventId = 3007, EventName = "GenerationNotDrained", Level = LogLevel.Warning,
        Message = "Replica '{Replica}' of database '{Database}' does not get the end of generation {Generation}: {Detail}")]
    public static partial void GenerationNotDrained(ILogger logger, string replica, string database, string generation, string detail);

    [LoggerMessage(EventId = 3008, EventName = "ReplicaClaimLost", Level = LogLevel.Warning,
        Message = "Replica '{Replica}' of database '{Database}' lags too far behind to be waited for, at {Position}: it will rejoin with a fresh snapshot")]
    public static partial void ReplicaClaimLost(ILogger logger, string replica, string database, ReplicationPosition position);

    [LoggerMessage(EventId = 3009, EventName = "ReplicaRetrying", Level = LogLevel.Warning,
        Message = "Replica '{Replica}' of database '{Database}' failed and is tried again: {Error}")]
    public static partial void ReplicaRetrying(ILogger logger, Exception exception, string replica, string database, string error);

    [LoggerMessage(EventId = 3010, EventName = "ReplicaFaulted", Level = LogLevel.Error,
        Message = "Replica '{Replica}' of database '{Database}' is faulted; it is tried again on a slow clock: {Error}")]
    public static partial void ReplicaFaulted(ILogger logger, Exception exception, string replica, string database, string error);

    [LoggerMessage(EventId = 3011, EventName = "ReplicaStillFailing", Level = LogLevel.Debug,
        Message = "Replica '{Replica}' of database '{Database}' failed {Failures} times in a row: {Error}")]
    public static partial void ReplicaStillFailing(ILogger logger, string replica, string database, int failures, string error);

    [LoggerMessage(EventId = 3012, EventName = "ReplicaRecovered", Level = LogLevel.Information,
        Message = "Replica '{Replica}' of database '{Database}' works again after {Failures} failures")]
    public static partial void ReplicaRecovered(ILogger logger, string replica, string database, int failures);
}
