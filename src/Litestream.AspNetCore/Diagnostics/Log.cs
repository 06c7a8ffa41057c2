using Microsoft.Extensions.Logging;

namespace Litestream.AspNetCore.Diagnostics;

/// <summary>What this package says to the log: event ids from 6000.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 6001, EventName = "NotReplicatedInTime", Level = LogLevel.Warning,
        Message = "{Method} {Path} changed {Databases}, and the change was not on the replicas after {Timeout}; the client is told so. More of these are logged as Debug until one has come through.")]
    public static partial void NotReplicatedInTime(ILogger logger, string method, string? path, string databases, TimeSpan timeout);

    [LoggerMessage(EventId = 6002, EventName = "NotReplicable", Level = LogLevel.Warning,
        Message = "{Method} {Path} changed {Databases}, and the change cannot be replicated at the moment; the client is told so. More of these are logged as Debug until one has come through.")]
    public static partial void NotReplicable(ILogger logger, string method, string? path, string databases, Exception exception);

    [LoggerMessage(EventId = 6003, EventName = "StillNotReplicated", Level = LogLevel.Debug,
        Message = "{Method} {Path} changed {Databases}, and the change is not known to be on the replicas.")]
    public static partial void StillNotReplicated(ILogger logger, string method, string? path, string databases);

    [LoggerMessage(EventId = 6004, EventName = "ReplicatedInTimeAgain", Level = LogLevel.Information,
        Message = "Changes are on the replicas in time again.")]
    public static partial void ReplicatedInTimeAgain(ILogger logger);

    [LoggerMessage(EventId = 6005, EventName = "ResponseAborted", Level = LogLevel.Warning,
        Message = "{Method} {Path} changed a database after its response had begun, and the change is not on the replicas: the connection is aborted, so that the response does not look complete.")]
    public static partial void ResponseAborted(ILogger logger, string method, string? path);
}
