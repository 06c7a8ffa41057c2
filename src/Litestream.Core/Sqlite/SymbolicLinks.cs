namespace Litestream.Sqlite;

/// <summary>The one name of a file that symbolic links give many.</summary>
internal static class SymbolicLinks
{
    private const int MaxLinks = 64;

    /// <summary>The full path with every symbolic link on it resolved, of a file or a folder that need not exist.</summary>
    /// <exception cref="LitestreamException">The links form a circle.</exception>
    public static string Resolve(string fullPath)
    {
        var links = 0;
        var root = Path.GetPathRoot(fullPath)!;
        var resolved = root;
        var rest = new Stack<string>(Parts(fullPath, root));
        while (rest.TryPop(out var part))
        {
            var next = Path.Combine(resolved, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new LitestreamException($"{fullPath}: more than {MaxLinks} symbolic links on the way; they form a circle.");
            }

            // The target may run over further links: start over with it, and with what is left behind it.
            var full = Path.GetFullPath(target, resolved);
            root = Path.GetPathRoot(full)!;
            resolved = root;
            foreach (var p in Parts(full, root))
            {
                rest.Push(p);
            }
        }

        return resolved;
    }

    // From the last part to the first.
    private static IEnumerable<string> Parts(string fullPath, string root) => fullPath[root.Length..]
        .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
        .Reverse();
}
