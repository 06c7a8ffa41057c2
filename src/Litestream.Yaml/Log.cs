using Microsoft.Extensions.Logging;

namespace Litestream.Yaml;

internal static partial class Log
{
    [LoggerMessage(EventId = 6200, EventName = "YamlWarning", Level = LogLevel.Warning, Message = "{Warning}")]
    public static partial void YamlWarning(this ILogger logger, string warning);

    [LoggerMessage(EventId = 6201, EventName = "YamlProgramKeys", Level = LogLevel.Information,
        Message = "addr, exec and logging in '{File}' are for the program; this application ignores them")]
    public static partial void YamlProgramKeys(this ILogger logger, string file);
}
