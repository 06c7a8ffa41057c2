using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <summary>Retention: 3120 to 3139.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3120, EventName = "RetentionRan", Level = LogLevel.Information,
        Message = "Replica '{Replica}' of database '{Database}': {Snapshots} snapshots and {Segments} segments deleted; every moment since {Since} can be restored")]
    public static partial void RetentionRan(ILogger logger, string replica, string database, int snapshots, int segments, DateTimeOffset since);

    [LoggerMessage(EventId = 3121, EventName = "RetentionFailed", Level = LogLevel.Warning,
        Message = "Retention of replica '{Replica}' of database '{Database}': {Error}")]
    public static partial void RetentionFailed(ILogger logger, Exception exception, string replica, string database, string error);

    [LoggerMessage(EventId = 3122, EventName = "RetentionStillFailing", Level = LogLevel.Debug,
        Message = "Retention of replica '{Replica}' of database '{Database}' goes on failing: {Error}")]
    public static partial void RetentionStillFailing(ILogger logger, string replica, string database, string error);

    [LoggerMessage(EventId = 3123, EventName = "SnapshotUnsound", Level = LogLevel.Error,
        Message = "Snapshot '{Key}' on replica '{Replica}' of database '{Database}' was read back and is unsound: {Damage}. Nothing older is deleted")]
    public static partial void SnapshotUnsound(ILogger logger, string key, string replica, string database, string damage);
}
