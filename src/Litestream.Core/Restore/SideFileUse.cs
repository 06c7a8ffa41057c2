namespace Litestream.Restore;

/// <summary>Finds out whether a process still has the side file of a deleted database open.</summary>
internal static class SideFileUse
{
    // SQLite holds a shared lock on this byte of -shm for as long as a connection uses the WAL.
    private const long DeadManSwitch = 128;

    /// <summary>
    /// True if a process is known to have the file open. Only Linux lets one ask without opening the file; on Windows
    /// the removal itself fails for a file in use, elsewhere nothing is known.
    /// </summary>
    public static bool IsInUse(string path) =>
        OperatingSystem.IsLinux() && (IsOpen(path) || (path.EndsWith("-shm", StringComparison.Ordinal) && IsLocked(path)));

    // Our own process first: closing a file that SQLite has open here would drop its locks, so that the lock may be
    // tried only once nobody here has the file open.
    private static bool IsOpen(string path) => CountOpen(path) > 0;

    /// <summary>
    /// How many descriptors, of this process and of all others that may be looked at, lead to the file at a path. Only Linux
    /// tells; elsewhere 0.
    /// </summary>
    public static int CountOpen(string path)
    {
        var count = 0;
        if (!OperatingSystem.IsLinux())
        {
            return count;
        }

        var target = Resolve(path);
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process.AsSpan()), out _))
            {
                continue;
            }

            try
            {
                foreach (var descriptor in new DirectoryInfo(Path.Combine(process, "fd")).EnumerateFileSystemInfos())
                {
                    count += descriptor.LinkTarget == target ? 1 : 0;
                }
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                // Another user's process, or one that just ended.
            }
        }

        return count;
    }

    // Sees the processes whose descriptors cannot be looked at: other users', other containers'.
    private static bool IsLocked(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            file.Lock(DeadManSwitch, 1);
            file.Unlock(DeadManSwitch, 1);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    // Descriptors name the real folder.
    private static string Resolve(string path)
    {
        var directory = new DirectoryInfo(Path.GetDirectoryName(path)!);
        var parts = new Stack<string>();
        parts.Push(Path.GetFileName(path));
        for (var current = directory; current is not null; current = current.Parent)
        {
            if (current.ResolveLinkTarget(returnFinalTarget: true) is { } real)
            {
                return Resolve(Path.Combine([real.FullName, .. parts]));
            }

            parts.Push(current.Parent is null ? current.FullName : current.Name);
        }

        return Path.Combine([.. parts]);
    }
}
