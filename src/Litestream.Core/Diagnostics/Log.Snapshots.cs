using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <summary>The snapshots after a generation's first: 3100 to 3119.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3100, EventName = "SnapshotFailed", Level = LogLevel.Warning,
        Message = "No new snapshot for replica '{Replica}' of database '{Database}'; it is tried again, and what is committed goes on being uploaded: {Error}")]
    public static partial void SnapshotFailed(ILogger logger, Exception exception, string replica, string database, string error);

    [LoggerMessage(EventId = 3101, EventName = "SnapshotStillFailing", Level = LogLevel.Debug,
        Message = "No new snapshot for replica '{Replica}' of database '{Database}': {Error}")]
    public static partial void SnapshotStillFailing(ILogger logger, string replica, string database, string error);

    [LoggerMessage(EventId = 3102, EventName = "SnapshotAbandoned", Level = LogLevel.Information,
        Message = "The upload of a snapshot to replica '{Replica}' of database '{Database}' was ended: generation {Generation} is not in use any more")]
    public static partial void SnapshotAbandoned(ILogger logger, string replica, string database, string generation);

    [LoggerMessage(EventId = 3103, EventName = "SnapshotNotNeeded", Level = LogLevel.Debug,
        Message = "Replica '{Replica}' of database '{Database}' gets no snapshot on demand: the index in use has one, and the WAL behind it is uploaded")]
    public static partial void SnapshotNotNeeded(ILogger logger, string replica, string database);
}
