using Litestream.AspNetCore.StatusPage;
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

    [LoggerMessage(EventId = 6030, EventName = "PageRestoreBegun", Level = LogLevel.Information,
        Message = "From the status page, {User} asked for {Kind} of {Database}, {Moment}.")]
    public static partial void PageRestoreBegun(ILogger logger, PageJobKind kind, string database, string moment, string? user);

    [LoggerMessage(EventId = 6031, EventName = "PageCopyReady", Level = LogLevel.Information,
        Message = "A copy of {Database} at {Position}, of {Bytes} bytes, is ready to be downloaded from the status page.")]
    public static partial void PageCopyReady(ILogger logger, string database, ReplicationPosition position, long bytes);

    [LoggerMessage(EventId = 6032, EventName = "PageCopySent", Level = LogLevel.Information,
        Message = "A copy of {Database} was downloaded from the status page by {User}, and is deleted here.")]
    public static partial void PageCopySent(ILogger logger, string database, string? user);

    [LoggerMessage(EventId = 6033, EventName = "PageRestoreDone", Level = LogLevel.Information,
        Message = "{Database} was exchanged from the status page; what it held before is in {PreviousPath}.")]
    public static partial void PageRestoreDone(ILogger logger, string database, string? previousPath);

    [LoggerMessage(EventId = 6034, EventName = "PageRestoreFailed", Level = LogLevel.Warning,
        Message = "What was asked of {Database} from the status page failed.")]
    public static partial void PageRestoreFailed(ILogger logger, string database, Exception exception);

    [LoggerMessage(EventId = 6035, EventName = "PageUnprotected", Level = LogLevel.Critical,
        Message = "{Problem} The application stops.")]
    public static partial void PageUnprotected(ILogger logger, string problem);

    [LoggerMessage(EventId = 6036, EventName = "PageAfterRestoreFailed", Level = LogLevel.Error,
        Message = "What the application does after {Database} was restored in place failed.")]
    public static partial void PageAfterRestoreFailed(ILogger logger, string database, Exception exception);
}
