using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <summary>Whether a replica still holds what it should: 3140 to 3159.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 3140, EventName = "ReplicaChecked", Level = LogLevel.Debug,
        Message = "Replica '{Replica}' of database '{Database}' holds what was uploaded of generation {Generation}, and nobody else writes there")]
    public static partial void ReplicaChecked(ILogger logger, string replica, string database, string generation);

    [LoggerMessage(EventId = 3141, EventName = "ReplicaUnsound", Level = LogLevel.Error,
        Message = "Replica '{Replica}' of database '{Database}' is not as it was left: {Detail}")]
    public static partial void ReplicaUnsound(ILogger logger, string replica, string database, string detail);

    [LoggerMessage(EventId = 3142, EventName = "ReplicaCheckFailed", Level = LogLevel.Warning,
        Message = "Whether replica '{Replica}' of database '{Database}' holds what it should could not be found out: {Error}")]
    public static partial void ReplicaCheckFailed(ILogger logger, Exception exception, string replica, string database, string error);

    [LoggerMessage(EventId = 3143, EventName = "ReplicaSuperseded", Level = LogLevel.Error,
        Message = "Replica '{Replica}' of database '{Database}' belongs to somebody else now: {Detail}")]
    public static partial void ReplicaSuperseded(ILogger logger, string replica, string database, string detail);
}
