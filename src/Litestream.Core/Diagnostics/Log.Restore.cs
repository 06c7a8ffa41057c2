using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Information, "Restoring {Path} from {Replica}: generation {Generation}, snapshot {SnapshotIndex:x8}, {Segments} segments, {Bytes} bytes.", EventName = "RestoreStarted")]
    public static partial void RestoreStarted(this ILogger logger, string path, string replica, string generation, int snapshotIndex, int segments, long bytes);

    [LoggerMessage(5001, LogLevel.Information, "Restored {Path} to {Position}, {Size} bytes, in {Duration}.", EventName = "RestoreFinished")]
    public static partial void RestoreFinished(this ILogger logger, string path, ReplicationPosition position, long size, TimeSpan duration);

    [LoggerMessage(5002, LogLevel.Information, "The time {Time:O} lies after the last commit of the backup, of {End:O}: restoring that.", EventName = "RestoreTimeAfterEnd")]
    public static partial void RestoreTimeAfterEnd(this ILogger logger, DateTimeOffset time, DateTimeOffset end);

    [LoggerMessage(5003, LogLevel.Warning, "The generation {Generation} is newer and has no snapshot: it cannot be restored and is passed over.", EventName = "RestorePassedOver")]
    public static partial void RestorePassedOver(this ILogger logger, string generation);

    [LoggerMessage(5004, LogLevel.Warning, "The replica changed while it was being restored ({Reason}). Planning anew.", EventName = "RestoreReplanned")]
    public static partial void RestoreReplanned(this ILogger logger, string reason);

    [LoggerMessage(5005, LogLevel.Warning, "Reading from {Replica} failed ({Reason}); trying again in {Delay}.", EventName = "RestoreRetrying")]
    public static partial void RestoreRetrying(this ILogger logger, string replica, string? reason, TimeSpan delay);

    [LoggerMessage(5006, LogLevel.Warning, "The object {Key} carries a trailer of a newer version of this library, which is ignored. Update the library to have it verified.", EventName = "RestoreNewerTrailer")]
    public static partial void RestoreNewerTrailer(this ILogger logger, string key);

    [LoggerMessage(5007, LogLevel.Warning, "Removing {Path}, left over from a database that is gone: SQLite would replay it into the restored one.", EventName = "RestoreStaleSideFile")]
    public static partial void RestoreStaleSideFile(this ILogger logger, string path);
}
