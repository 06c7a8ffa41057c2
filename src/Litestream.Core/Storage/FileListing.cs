namespace Litestream.Storage;

/// <summary>
/// Walks a folder replica in ordinal order of key. One folder is read at a time; a file or folder that disappears meanwhile
/// was deleted, everything else that fails ends the walk.
/// </summary>
internal static class FileListing
{
    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
        MatchType = MatchType.Simple,
        RecurseSubdirectories = false,
    };

    /// <summary>The objects whose key begins with <paramref name="prefix"/>.</summary>
    public static IEnumerable<ReplicaObject> Objects(string root, string prefix)
    {
        var folder = prefix[..(prefix.LastIndexOf('/') + 1)];
        return Walk(root, folder, prefix[folder.Length..]);
    }

    /// <summary>The names of the folders in <paramref name="prefix"/> that hold objects.</summary>
    public static IEnumerable<string> Folders(string root, string prefix) =>
        Entries(root, prefix)
            .Where(entry => entry is DirectoryInfo && Walk(root, $"{prefix}{entry.Name}/", "").Any())
            .Select(entry => entry.Name)
            .Order(StringComparer.Ordinal);

    private static IEnumerable<ReplicaObject> Walk(string root, string folder, string namePrefix)
    {
        foreach (var entry in Entries(root, folder))
        {
            if (!entry.Name.StartsWith(namePrefix, StringComparison.Ordinal))
            {
                continue;
            }

            if (entry is FileInfo file)
            {
                if (Describe(file, folder) is { } found)
                {
                    yield return found;
                }

                continue;
            }

            foreach (var found in Walk(root, $"{folder}{entry.Name}/", ""))
            {
                yield return found;
            }
        }
    }

    private static List<FileSystemInfo> Entries(string root, string folder)
    {
        var path = Path.Join(root, ReplicaKey.ToPath(folder));
        try
        {
            // A folder counts as its name and a slash: that is what its keys are sorted by.
            return [.. new DirectoryInfo(path).EnumerateFileSystemInfos("*", Everything)
                .Where(entry => !entry.Name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal) || entry is DirectoryInfo)
                .OrderBy(entry => entry is DirectoryInfo ? $"{entry.Name}/" : entry.Name, StringComparer.Ordinal)];
        }
        catch (IOException exception) when (exception is DirectoryNotFoundException || (OperatingSystem.IsWindows() && File.Exists(Path.TrimEndingDirectorySeparator(path))))
        {
            // Of a file Windows says that the parameter is invalid.
            ThrowIfNoFolder(root, exception);
            return [];
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            throw FileFailure.Explain(exception, "listed", path);
        }
    }

    // Not found is also said when the root, or what it lies in, is a file. That is no empty replica.
    private static void ThrowIfNoFolder(string root, IOException exception)
    {
        for (var part = root; part is not null && !Directory.Exists(part); part = Path.GetDirectoryName(part))
        {
            if (File.Exists(part))
            {
                throw new ReplicaException($"The replica cannot be read: '{part}' is a file and no folder. Check the replica's path.", exception);
            }
        }
    }

    private static ReplicaObject? Describe(FileInfo file, string folder)
    {
        try
        {
            return new ReplicaObject(folder + file.Name, file.Length, file.LastWriteTimeUtc);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            throw FileFailure.Explain(exception, "listed", file.FullName);
        }
    }
}
