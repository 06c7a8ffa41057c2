using Microsoft.Extensions.Logging;

namespace Litestream.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(3200, LogLevel.Error, "Replica {Replica} of database {Database} does not restore to what the database holds at {Position}: {Difference}. A new generation with a fresh snapshot begins; what was replicated before stays for you to look at. Check the disk of the database ('PRAGMA integrity_check') and the store.", EventName = "VerificationFailed")]
    public static partial void VerificationFailed(ILogger logger, string replica, string database, ReplicationPosition position, string difference);

    [LoggerMessage(3201, LogLevel.Information, "Replica {Replica} of database {Database} is verified at {Position}: {Size} bytes, restored and equal, in {Duration}.", EventName = "Verified")]
    public static partial void Verified(ILogger logger, string replica, string database, ReplicationPosition position, long size, TimeSpan duration);

    [LoggerMessage(3202, LogLevel.Warning, "Replica {Replica} of database {Database} could not be verified: {Reason}", EventName = "VerificationNotDone")]
    public static partial void VerificationNotDone(ILogger logger, string replica, string database, string reason);
}
