namespace Litestream.Hosting;

/// <summary>The folder that relative paths in the options start from.</summary>
internal sealed class ContentRoot(string path)
{
    // A chain of links longer than this is a loop, as on Linux (MAXSYMLINKS).
    private const int MaxLinks = 40;

    /// <summary>The full path of the folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>
    /// The full path with every symbolic link in it resolved, of folders as well as of the file, whether it exists or
    /// not. SQLite does the same, and puts <c>-wal</c> beside the file that is meant, not beside the link.
    /// </summary>
    /// <exception cref="IOException">The links form a loop.</exception>
    public string Resolve(string relativeOrFull)
    {
        var pending = System.IO.Path.GetFullPath(relativeOrFull, Path);
        var root = System.IO.Path.GetPathRoot(pending)!;
        var parts = new Stack<string>(Split(pending[root.Length..]).Reverse());
        var resolved = root;
        var links = 0;
        while (parts.TryPop(out var part))
        {
            var next = System.IO.Path.Join(resolved, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"Too many symbolic links in '{relativeOrFull}'.");
            }

            // Start over with the link replaced by what it points to.
            pending = System.IO.Path.GetFullPath(target, resolved);
            root = System.IO.Path.GetPathRoot(pending)!;
            resolved = root;
            foreach (var step in Split(pending[root.Length..]).Reverse())
            {
                parts.Push(step);
            }
        }

        return resolved;
    }

    private static string[] Split(string path) =>
        path.Split(
            [System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar],
            StringSplitOptions.RemoveEmptyEntries);
}
