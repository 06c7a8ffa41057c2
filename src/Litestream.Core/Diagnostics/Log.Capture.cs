using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <content>Capture: 2000 to 2999.</content>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "{Database}: a new generation {Generation} starts ({Reason}): {Detail}", EventName = "GenerationStarted")]
    public static partial void GenerationStarted(ILogger logger, string database, string generation, string reason, string detail);

    [LoggerMessage(2002, LogLevel.Information, "{Database}: replication goes on at {Position}", EventName = "GenerationContinued")]
    public static partial void GenerationContinued(ILogger logger, string database, ReplicationPosition position);

    [LoggerMessage(2003, LogLevel.Debug, "{Database}: the write lock was held for {Milliseconds} ms for a checkpoint: {Outcome}", EventName = "WriteLockHeld")]
    public static partial void WriteLockHeld(ILogger logger, string database, double milliseconds, string outcome);

    [LoggerMessage(2004, LogLevel.Warning, "{Database}: the database cannot be read yet; it is tried again: {Problem}", EventName = "DatabaseNotReady")]
    public static partial void DatabaseNotReady(ILogger logger, string database, string problem);

    [LoggerMessage(2005, LogLevel.Warning, "{Database}: another process replicates it; this one takes over when that one lets go", EventName = "WaitingForOtherProcess")]
    public static partial void WaitingForOtherProcess(ILogger logger, string database);

    [LoggerMessage(2006, LogLevel.Warning, "{Database}: the file was replaced by another one. The connections to the old one stay open until the process ends, so that the application's locks on the new one stay intact", EventName = "DatabaseReplaced")]
    public static partial void DatabaseReplaced(ILogger logger, string database);

    [LoggerMessage(2007, LogLevel.Error, "{Database}: the capture fails: {Problem}", EventName = "CaptureFailed")]
    public static partial void CaptureFailed(ILogger logger, string database, string problem, Exception exception);

    [LoggerMessage(2008, LogLevel.Information, "{Database}: the capture works again", EventName = "CaptureRecovered")]
    public static partial void CaptureRecovered(ILogger logger, string database);

    [LoggerMessage(2009, LogLevel.Warning, "{Database}: replica {Replica} lags, and {Reason}; it will start afresh with a snapshot", EventName = "ShadowLimitReached")]
    public static partial void ShadowLimitReached(ILogger logger, string database, string replica, string reason);

    [LoggerMessage(2010, LogLevel.Warning, "{Database}: the folder {Path} changes: a litestream sidecar seems to replicate the same database. Run one of the two", EventName = "SidecarSeen")]
    public static partial void SidecarSeen(ILogger logger, string database, string path);
}
