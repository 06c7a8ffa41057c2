using Litestream.Diagnostics;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// What an exchange leaves that was killed when the old database had its second name and the new one not yet the first: two
/// names of one live database. Under the second, SQLite would look for another WAL than the application's.
/// </summary>
internal static class UnfinishedExchange
{
    /// <summary>What follows the name of a database in that of a previous one.</summary>
    public const string Infix = ".before-restore-";

    /// <summary>Removes such a second name. Only for who holds the lock of the meta directory: nobody else exchanges.</summary>
    public static void Remove(string path, ILogger logger)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
        {
            return;
        }

        try
        {
            var names = Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + Infix + "*");
            foreach (var name in names.ToList())
            {
                if (Libc.IsSameFile(path, name))
                {
                    File.Delete(name);
                    Log.UnfinishedExchange(logger, path, name);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays, as it would have without us.
        }
    }
}
