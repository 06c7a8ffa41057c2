namespace Litestream.Storage;

/// <summary>
/// What processes that were killed have left of their writes to a folder replica: no listing shows it, and it would keep its
/// space for ever, a whole snapshot's with each kill.
/// </summary>
internal static class UnfinishedWrites
{
    // Its writer has it open and locked, where the file system has locks; where not, it writes more often than this.
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(10);

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = true,
        MatchType = MatchType.Simple,
        RecurseSubdirectories = true,
    };

    /// <summary>Removes it, wherever in the replica it lies. That this fails is no reason against a write.</summary>
    /// <param name="root">The folder of the replica.</param>
    /// <param name="now">The time there, by the clock that dates its files.</param>
    public static void Remove(string root, DateTimeOffset now)
    {
        try
        {
            foreach (var file in new DirectoryInfo(root).EnumerateFiles("*" + AtomicFile.TemporarySuffix, Everything))
            {
                if (AtomicFile.IsTemporary(file.Name) && file.LastWriteTimeUtc < now - Age)
                {
                    Remove(file.FullName);
                }
            }
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            // It is left to the next one.
        }
    }

    private static void Remove(string path)
    {
        try
        {
            // Somebody who still writes, and only was stopped for a while, holds a lock that does not go with this one.
            // Windows deletes a file that is open only if whoever has it open, we too, allows that.
            var share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;
            using var owned = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, share, bufferSize: 1);
            File.Delete(path);
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            // In use, gone, or not ours to remove.
        }
    }
}
