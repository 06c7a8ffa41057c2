using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(5100, LogLevel.Information, "The time {Time:O} lies between generations: {Generation} ends at {End:O}, {Next} begins at {Begin:O}. What was committed between them, if anything, is not on the replica: restoring the end of the first.", EventName = "RestoreTimeBetweenGenerations")]
    public static partial void RestoreTimeBetweenGenerations(this ILogger logger, DateTimeOffset time, string generation, DateTimeOffset end, string next, DateTimeOffset begin);

    [LoggerMessage(5101, LogLevel.Information, "Removed {Path}, which a restore that was killed had left.", EventName = "RestoreLeftoverRemoved")]
    public static partial void RestoreLeftoverRemoved(this ILogger logger, string path);
}
