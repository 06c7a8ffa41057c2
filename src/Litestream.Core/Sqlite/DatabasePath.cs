namespace Litestream.Sqlite;

/// <summary>
/// The one name of a database. A symbolic link is resolved to its target, as SQLite does when it names the WAL: so two
/// names of one file are seen to be one, and everything of ours lies beside the file itself.
/// </summary>
internal static class DatabasePath
{
    private static readonly string[] ConnectionStringKeys =
        ["data source", "datasource", "filename", "mode", "cache", "password", "foreign keys", "recursive triggers", "default timeout", "pooling"];

    /// <summary>The full path of a database, with every symbolic link on it resolved. The file need not exist.</summary>
    /// <param name="path">A path, not a connection string.</param>
    /// <param name="baseDirectory">What a relative path starts from; null for the working directory.</param>
    /// <exception cref="ArgumentException">This is not the path of a file: says what it looks like.</exception>
    /// <exception cref="LitestreamException">The file lies on a network file system, or the links form a circle.</exception>
    public static string Resolve(string path, string? baseDirectory = null)
    {
        Check(path);
        var full = baseDirectory is null ? Path.GetFullPath(path) : Path.GetFullPath(path, Path.GetFullPath(baseDirectory));
        full = SymbolicLinks.Resolve(full);
        if (NetworkFileSystem.Find(full) is { } fileSystem)
        {
            throw new LitestreamException(
                $"{full}: this lies on a network file system ({fileSystem}). SQLite's WAL mode needs memory shared between "
                + "all who use the database, and locks that can be relied on; a network file system has neither. Put the "
                + "database on a local disk; the replica may be anywhere.");
        }

        return full;
    }

    private static void Check(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (string.IsNullOrWhiteSpace(path))
        {
            throw new ArgumentException("The path of the database is empty: that is a temporary database, which cannot be replicated.", nameof(path));
        }

        if (path.Contains(":memory:", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{path}' is a database in memory, which cannot be replicated. Give the path of a file.", nameof(path));
        }

        if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"'{path}' is a URI. Give the path of the file.", nameof(path));
        }

        if (IsConnectionString(path))
        {
            // Not repeated in the message: it may hold a password.
            throw new ArgumentException("This looks like a connection string. Give the path of the database file, what stands behind 'Data Source='.", nameof(path));
        }

        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("The path contains a NUL character.", nameof(path));
        }

        if (Path.EndsInDirectorySeparator(path))
        {
            throw new ArgumentException($"'{path}' is a folder. Give the path of the database file.", nameof(path));
        }
    }

    private static bool IsConnectionString(string path)
    {
        var equals = path.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && ConnectionStringKeys.Contains(path[..equals].Trim(), StringComparer.OrdinalIgnoreCase);
    }
}
