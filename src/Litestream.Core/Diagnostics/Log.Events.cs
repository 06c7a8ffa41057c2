using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <content>Events and the reload of options: 1100 to 1149.</content>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Warning, "A handler of StateChanged failed (database {Database}, state {State}). Replication is not affected", EventName = nameof(StateHandlerFailed))]
    public static partial void StateHandlerFailed(ILogger logger, string database, ReplicationState state, Exception exception);

    [LoggerMessage(1101, LogLevel.Warning, "The handlers of StateChanged do not keep up: {Lost} changes of state were not told", EventName = nameof(StateChangesLost))]
    public static partial void StateChangesLost(ILogger logger, int lost);

    [LoggerMessage(1110, LogLevel.Information, "{Option} is {Value} from now on; it was {Before}", EventName = nameof(OptionChanged))]
    public static partial void OptionChanged(ILogger logger, string option, string value, string before);

    [LoggerMessage(1111, LogLevel.Warning, "{Option} has changed in the configuration, which takes effect at the next start of the application; until then everything stays as it was there", EventName = nameof(OptionNeedsRestart))]
    public static partial void OptionNeedsRestart(ILogger logger, string option);

    [LoggerMessage(1112, LogLevel.Error, "The configuration has changed to something that cannot be used. Everything stays as it was, and the application would not start with it: {Problems}", EventName = nameof(OptionsRefused))]
    public static partial void OptionsRefused(ILogger logger, string problems);

    [LoggerMessage(1113, LogLevel.Error, "Database {Database} could not take over its changed options", EventName = nameof(OptionsNotApplied))]
    public static partial void OptionsNotApplied(ILogger logger, string database, Exception exception);
}
