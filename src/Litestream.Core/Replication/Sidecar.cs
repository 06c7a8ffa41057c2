using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>The real litestream beside the application: the two delete each other's generations.</summary>
internal static class Sidecar
{
    /// <summary>How long its folder must have been still for it to count as not running.</summary>
    private static readonly TimeSpan StillFor = TimeSpan.FromSeconds(60);

    /// <summary>Says so to the log if its folder beside the database has changed of late.</summary>
    public static void WarnIfRunning(string database, TimeProvider time, ILogger logger)
    {
        var folder = Path.Combine(Path.GetDirectoryName(database)!, $".{Path.GetFileName(database)}-litestream");
        var shadow = Path.Combine(folder, "generations");
        if (!Directory.Exists(shadow))
        {
            return;
        }

        var newest = Directory.EnumerateFiles(shadow, "*", SearchOption.AllDirectories)
            .Select(File.GetLastWriteTimeUtc)
            .DefaultIfEmpty(DateTime.MinValue)
            .Max();
        if (time.GetUtcNow().UtcDateTime - newest < StillFor)
        {
            Log.SidecarSeen(logger, database, folder);
        }
    }
}
