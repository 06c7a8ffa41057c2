namespace Litestream.Storage;

/// <summary>
/// Writes files so that under their name there is the old content, the new, or nothing, whatever happens to the process
/// or the machine; and so that what was written when a call returns is still there after a power cut.
/// </summary>
/// <remarks>
/// A file is written under <c>name.xxxxxxxx.tmp</c> in its own folder and synced, then renamed, or linked, to its name, and
/// the folder is synced. A call that is interrupted may leave the temporary file behind.
/// </remarks>
internal static class AtomicFile
{
    /// <summary>How the names of temporary files end.</summary>
    public const string TemporarySuffix = ".tmp";

    private const int SharingViolation = unchecked((int)0x80070020);

    // Windows alone: how long somebody who looks into a file is waited for. Scanners take milliseconds.
    private static readonly TimeSpan HeldOpen = TimeSpan.FromSeconds(2);

    /// <summary>Writes a small file in place of what is there.</summary>
    /// <param name="path">Full path; its folder exists.</param>
    /// <param name="content">The whole content.</param>
    /// <param name="mode">Access rights of the file, less the process's umask. Ignored on Windows.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var temporary = TemporaryPath(path);
        try
        {
            using (var file = Create(temporary, mode))
            {
                file.Write(content);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
            }

            Publish(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
    }

    /// <summary>A name beside <paramref name="path"/> that nobody else uses.</summary>
    public static string TemporaryPath(string path) => $"{path}.{Guid.NewGuid().ToString("N")[..8]}{TemporarySuffix}";

    /// <summary>True for a name that <see cref="TemporaryPath"/> may have given.</summary>
    public static bool IsTemporary(string name) =>
        name.Length > 9 + TemporarySuffix.Length
        && name.EndsWith(TemporarySuffix, StringComparison.Ordinal)
        && name[..^TemporarySuffix.Length] is var stem
        && stem[^9] == '.'
        && stem[^8..].All(char.IsAsciiHexDigitLower);

    /// <summary>Creates a file that is not there yet, to write to.</summary>
    public static FileStream Create(string path, UnixFileMode? mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read | FileShare.Delete,
            BufferSize = 0,
        };
        if (mode is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        return new FileStream(path, options);
    }

    /// <summary>Gives a written and synced temporary file its name, and makes the name durable.</summary>
    /// <returns>False if the name is taken and <paramref name="overwrite"/> is false; the temporary file is then still there.</returns>
    public static bool Publish(string temporary, string path, bool overwrite)
    {
        if (overwrite)
        {
            Replace(temporary, path);
        }
        else if (!MoveToNewName(temporary, path))
        {
            return false;
        }

        SyncDirectory(Path.GetDirectoryName(path)!);
        return true;
    }

    /// <summary>Creates a folder and those above it, durably.</summary>
    /// <returns>The folders that were not there before, the topmost first.</returns>
    public static IReadOnlyList<string> CreateDirectory(string path, UnixFileMode? mode = null)
    {
        var missing = new Stack<string>();
        for (var folder = path; folder is not null && !Directory.Exists(folder); folder = Path.GetDirectoryName(folder))
        {
            missing.Push(folder);
        }

        var created = missing.ToArray();
        foreach (var folder in created)
        {
            if (mode is null || OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(folder);
            }
            else
            {
                Directory.CreateDirectory(folder, mode.Value);
            }

            SyncDirectory(Path.GetDirectoryName(folder)!);
        }

        return created;
    }

    /// <summary>Makes names in a folder durable: what was created, renamed or removed in it. Windows does so by itself.</summary>
    public static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            Libc.SyncDirectory(path);
        }
    }

    /// <summary>Deletes a temporary file; if that fails it is left to whoever cleans up later.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What failed before is what the caller must hear of.
        }
    }

    private static void Replace(string temporary, string path)
    {
        if (!OperatingSystem.IsWindows() || Directory.Exists(path))
        {
            File.Move(temporary, path, overwrite: true);
            return;
        }

        // A file cannot be replaced while somebody has it open who does not allow that: a virus scanner, a backup program.
        Exception? refused = null;
        if (!SpinWait.SpinUntil(() => (refused = TryReplace(temporary, path)) is null, HeldOpen))
        {
            throw new IOException($"'{path}' could not be replaced: another program has it open.", refused);
        }
    }

    private static Exception? TryReplace(string temporary, string path)
    {
        try
        {
            File.Move(temporary, path, overwrite: true);
            return null;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException { HResult: SharingViolation } && File.Exists(path))
        {
            return exception;
        }
    }

    private static bool MoveToNewName(string temporary, string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            // One step where there is one: a process killed between two would leave a second name, which keeps the space of
            // the file when the first is deleted.
            if (Libc.TryMove(temporary, path) is { } moved)
            {
                return moved;
            }

            // A plain rename replaces what is there; a link does not.
            switch (Libc.TryLink(temporary, path))
            {
                case true:
                    TryDelete(temporary);
                    return true;
                case false:
                    return false;
            }
        }

        try
        {
            File.Move(temporary, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }
}
