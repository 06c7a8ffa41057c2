using Microsoft.Extensions.Logging;

namespace Litestream.EntityFrameworkCore.Diagnostics;

/// <summary>What this package says to the log: event ids from 6100.</summary>
internal static partial class Log
{
    [LoggerMessage(EventId = 6101, EventName = "NotReplicated", Level = LogLevel.Warning,
        Message = "UseLitestream: {Path} is none of the databases that are replicated, so there is nothing to tell of its commits.")]
    public static partial void NotReplicated(ILogger logger, string path);

    [LoggerMessage(EventId = 6102, EventName = "RestorePoint", Level = LogLevel.Information, Message = "{RestorePoint}")]
    public static partial void RestorePoint(ILogger logger, string restorePoint);
}
