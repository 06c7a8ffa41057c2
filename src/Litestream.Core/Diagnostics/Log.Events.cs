using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

/// <content>Events and the reload of options: 1100 to 1149.</content>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Warning, "A handler of StateChanged failed (database {Database}, state {State}). Replication is not affected", EventName = nameof(StateHandlerFailed))]
    public static partial void StateHandlerFailed(ILogger logger, string database, ReplicationState state, Exception exception);

    [LoggerMessage(1101, LogLevel.Warning, "The handlers of StateChanged do not keep up: {Lost} changes of state were not told", EventName = nameof(StateChangesLost))]
    public static partial void StateChangesLost(ILogger logger, int lost);
}
