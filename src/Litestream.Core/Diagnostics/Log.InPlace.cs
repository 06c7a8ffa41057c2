using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(5110, LogLevel.Warning, "Database {Database} at {Path} was replaced by {Replacement}. As it was before it lies in {Previous}, until you delete it.", EventName = "DatabaseExchanged")]
    public static partial void DatabaseExchanged(ILogger logger, string database, string path, string replacement, string? previous);

    [LoggerMessage(5111, LogLevel.Information, "Database {Path} is to be replaced, and somebody has it open; waiting at most {Timeout}.", EventName = "ExchangeWaiting")]
    public static partial void ExchangeWaiting(ILogger logger, string path, TimeSpan timeout);

    [LoggerMessage(5112, LogLevel.Information, "Database {Path} was to be replaced when the process ended, and was not. Its second name {Previous} is removed.", EventName = "UnfinishedExchange")]
    public static partial void UnfinishedExchange(ILogger logger, string path, string previous);
}
