using Microsoft.Extensions.Logging;

namespace Litestream.Cli.Service;

internal static partial class Log
{
    [LoggerMessage(EventId = 6010, EventName = "ProgramStart", Level = LogLevel.Information, Message = "litestream-net {Version}")]
    public static partial void Started(this ILogger logger, string version);

    [LoggerMessage(EventId = 6011, EventName = "ProgramReplicating", Level = LogLevel.Information, Message = "Replicating {Count} databases of {File}")]
    public static partial void Replicating(this ILogger logger, int count, string file);

    [LoggerMessage(EventId = 6012, EventName = "ProgramNoDatabases", Level = LogLevel.Error, Message = "No databases specified in configuration: {File}")]
    public static partial void NoDatabases(this ILogger logger, string file);

    [LoggerMessage(EventId = 6013, EventName = "ProgramMetrics", Level = LogLevel.Information, Message = "Serving metrics on {Url}")]
    public static partial void MetricsServed(this ILogger logger, string url);

    [LoggerMessage(EventId = 6014, EventName = "ProgramReloading", Level = LogLevel.Information, Message = "Hang-up received: reading {File} again")]
    public static partial void Reloading(this ILogger logger, string file);

    [LoggerMessage(EventId = 6015, EventName = "ProgramReloaded", Level = LogLevel.Information, Message = "The configuration is in effect")]
    public static partial void Reloaded(this ILogger logger);

    [LoggerMessage(EventId = 6016, EventName = "ProgramReloadRefused", Level = LogLevel.Error,
        Message = "The configuration cannot be used, and everything stays as it was: {Reason}")]
    public static partial void ReloadRefused(this ILogger logger, string reason);

    [LoggerMessage(EventId = 6017, EventName = "ProgramReloadFatal", Level = LogLevel.Critical,
        Message = "The replication could not be started with the new configuration; the program ends: {Reason}")]
    public static partial void ReloadFatal(this ILogger logger, string reason);

    [LoggerMessage(EventId = 6018, EventName = "ExecStarted", Level = LogLevel.Information, Message = "Started '{Command}', process {Process}")]
    public static partial void ProgramStarted(this ILogger logger, string command, int process);

    [LoggerMessage(EventId = 6019, EventName = "ExecAskedToEnd", Level = LogLevel.Information, Message = "Stopping: waiting for process {Process} to end first")]
    public static partial void ProgramAskedToEnd(this ILogger logger, int process);

    [LoggerMessage(EventId = 6020, EventName = "ExecEnded", Level = LogLevel.Information, Message = "The program ended with exit code {ExitCode}, and so does the replication")]
    public static partial void ProgramEnded(this ILogger logger, int exitCode);

    [LoggerMessage(EventId = 6021, EventName = "ProgramStopping", Level = LogLevel.Information, Message = "Stopping: uploading what is left")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(EventId = 6022, EventName = "ProgramStopped", Level = LogLevel.Information, Message = "Stopped")]
    public static partial void Stopped(this ILogger logger);
}
