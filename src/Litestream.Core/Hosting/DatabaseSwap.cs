using System.Globalization;
using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Restore;
using Litestream.Sqlite;
using Litestream.Storage;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// Puts another database in the place of one, and keeps that. Whenever the process dies, the path holds the one or the
/// other, whole, with no side file: left beside a new database, the old one's WAL would be replayed into it.
/// </summary>
internal sealed class DatabaseSwap(string path, TimeProvider time, ILogger logger)
{
    private static readonly string[] SideFiles = ["-wal", "-shm", "-journal"];
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Exchanges the files.</summary>
    /// <param name="replacement">The new database: in the same folder, whole in one file, on the disk, and open nowhere.</param>
    /// <param name="timeout">How long to wait until nobody has the old one open.</param>
    /// <param name="forget">Called once it is certain that the files will be exchanged.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Where the old database lies now; null if there was none.</returns>
    /// <exception cref="IOException">The old one is in use, or something could not be renamed. It is still there.</exception>
    public async Task<string?> RunAsync(string replacement, TimeSpan timeout, Action forget, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            RemoveSideFiles();
            forget();
            return AtomicFile.Publish(replacement, path, overwrite: false)
                ? null
                : throw new IOException($"Somebody put a file at '{path}' in the same moment.");
        }

        using var access = await TakeAsync(timeout, cancellationToken).ConfigureAwait(false);
        if (SideFileUse.CountOpen(path) > (access is null ? 0 : 1))
        {
            throw InUse();
        }

        if (access is not null && SideFileOf(path) is { } left)
        {
            throw new IOException($"'{left}' is still there although the database was closed: somebody has just opened it.");
        }

        forget();
        if (OperatingSystem.IsWindows())
        {
            // It lets nobody rename a file that is open; and fails if it still is.
            access?.Dispose();
        }

        return Exchange(replacement);
    }

    /// <summary>What SQLite would take for a part of the database at a path; null if the file is all of it.</summary>
    public static string? SideFileOf(string path) => SideFiles.Select(suffix => path + suffix).FirstOrDefault(File.Exists);

    private string Exchange(string replacement)
    {
        TakeOverRights(replacement);
        var folder = Path.GetDirectoryName(path)!;
        var previous = PreviousPath();
        foreach (var suffix in SideFiles.Where(suffix => File.Exists(path + suffix)))
        {
            // Of a database that SQLite could not open: they belong to it, and to no other.
            File.Move(path + suffix, previous + suffix);
        }

        if (!OperatingSystem.IsWindows() && Libc.TryLink(path, previous) == true)
        {
            // At no moment is there no database.
            AtomicFile.SyncDirectory(folder);
            File.Move(replacement, path, overwrite: true);
        }
        else
        {
            File.Move(path, previous);
            try
            {
                File.Move(replacement, path);
            }
            catch
            {
                File.Move(previous, path);
                throw;
            }
        }

        AtomicFile.SyncDirectory(folder);
        return previous;
    }

    /// <returns>Null for a file that SQLite cannot open as a database, so that there is nobody to keep out.</returns>
    private async Task<SoleAccess?> TakeAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                // Looked at first: to find out by SQLite takes the database out of WAL mode, which costs a generation.
                if (SideFileUse.CountOpen(path) == 0 && SoleAccess.TryTake(path) is { } access)
                {
                    return access;
                }
            }
            catch (SqliteFailure failure) when (SoleAccess.IsDestroyed(failure))
            {
                return null;
            }

            if (time.GetElapsedTime(startedAt) >= timeout)
            {
                throw InUse();
            }

            if (attempt == 1)
            {
                Log.ExchangeWaiting(logger, path, timeout);
            }

            await Task.Delay(LookAgain, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void TakeOverRights(string replacement)
    {
        if (!OperatingSystem.IsWindows())
        {
            var rights = new FileAccessRights(path);
            File.SetUnixFileMode(replacement, rights.FileMode);
            rights.TakeOwnerForFile(replacement);
        }
    }

    private void RemoveSideFiles()
    {
        foreach (var side in SideFiles.Select(suffix => path + suffix).Where(File.Exists))
        {
            if (SideFileUse.IsInUse(side))
            {
                throw new IOException($"'{side}' is in use by a process that still has the deleted database open. End it first.");
            }

            File.Delete(side);
        }
    }

    private string PreviousPath()
    {
        var stem = string.Create(CultureInfo.InvariantCulture, $"{path}{UnfinishedExchange.Infix}{time.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}");
        var name = stem;
        for (var i = 2; Path.Exists(name); i++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
        }

        return name;
    }

    private IOException InUse() => new(
        $"The database '{path}' is still open, in this process or in another one, and was not touched. Close every connection, those in pools too (SqliteConnection.ClearAllPools()), and keep others from being opened until the restore has returned.");
}
