using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// The name under which a database is made before it gets its own, and a lock that says that somebody is at it. What a killed
/// restore left has no lock any more, and is removed by the next one to the same place.
/// </summary>
/// <remarks>
/// <code>
/// app.db.tmp-&lt;32 hexadecimal digits&gt;        the database to be
/// app.db.tmp-….frames                        frames that wait for their commit
/// app.db.tmp-….lock                          held (flock, or a sharing violation on Windows) as long as it is worked on
/// </code>
/// </remarks>
internal sealed class TemporaryFile : IDisposable
{
    private const string Marker = ".tmp-";
    private const string LockSuffix = ".lock";
    private static readonly string[] Suffixes = ["", ".frames", "-wal", "-shm", "-journal"];

    // Windows lets nobody delete an open file who has not said so; nor does it thereby let anybody else open it.
    private static readonly FileShare s_untilDeleted = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private readonly FileStream _lock;

    /// <param name="target">The path that the file will get.</param>
    public TemporaryFile(string target)
    {
        Path = $"{target}{Marker}{Guid.NewGuid():n}";
        _lock = new FileStream(Path + LockSuffix, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        FileAccessRights.ForOwnerAlone(_lock.SafeFileHandle);
    }

    public string Path { get; }

    /// <summary>For frames that wait for their commit; removed with the rest.</summary>
    public string ScratchPath => Path + ".frames";

    /// <summary>Removes what killed restores to a path have left beside it.</summary>
    /// <returns>What was removed.</returns>
    public static IReadOnlyList<string> RemoveStale(string target)
    {
        var removed = new List<string>();
        var folder = System.IO.Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
        {
            return removed;
        }

        var prefix = System.IO.Path.GetFileName(target) + Marker;
        foreach (var path in Directory.EnumerateFiles(folder).Select(file => StemOf(file, prefix)).OfType<string>().Distinct().ToList())
        {
            try
            {
                using var owned = new FileStream(path + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, s_untilDeleted, bufferSize: 1);
                Remove(path);
                File.Delete(path + LockSuffix);
                removed.Add(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Somebody is at it, or it is not ours to remove.
            }
        }

        return removed;
    }

    public void Dispose()
    {
        Remove(Path);
        _lock.Dispose();
        File.Delete(Path + LockSuffix);
    }

    // The path without what follows the digits; null for a file that has nothing to do with us.
    private static string? StemOf(string file, string prefix)
    {
        var name = System.IO.Path.GetFileName(file);
        var length = prefix.Length + 32;
        return name.StartsWith(prefix, StringComparison.Ordinal) && name.Length >= length
            && Guid.TryParseExact(name.AsSpan(prefix.Length, 32), "n", out _)
            && (name.Length == length || Suffixes.Append(LockSuffix).Contains(name[length..]))
            ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(file)!, name[..length])
            : null;
    }

    private static void Remove(string path)
    {
        foreach (var suffix in Suffixes)
        {
            File.Delete(path + suffix);
        }
    }
}
