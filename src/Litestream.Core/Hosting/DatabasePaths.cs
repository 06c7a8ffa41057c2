using Litestream.Sqlite;

namespace Litestream.Hosting;

/// <summary>Where a database and its meta directory lie, both full and with symbolic links resolved.</summary>
internal readonly record struct DatabasePaths(string Path, string MetaPath)
{
    /// <summary>Works out the paths of one database from its options, whose <see cref="DatabaseOptions.Path"/> is sound.</summary>
    /// <exception cref="LitestreamException">The file lies on a network file system, or symbolic links form a circle.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder on the way may not be looked into.</exception>
    public static DatabasePaths Resolve(ContentRoot contentRoot, DatabaseOptions options)
    {
        var path = DatabasePath.Resolve(options.Path, contentRoot.Path);
        return new(path, string.IsNullOrWhiteSpace(options.MetaPath) ? DefaultMetaPath(path) : contentRoot.Resolve(options.MetaPath));
    }

    /// <summary>True for <c>.FILE-litestream</c>, which the program litestream uses; the two delete each other's generations.</summary>
    public static bool BelongsToLitestream(string metaPath)
    {
        var name = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(metaPath));
        return name.StartsWith('.') && name.EndsWith("-litestream", StringComparison.OrdinalIgnoreCase);
    }

    private static string DefaultMetaPath(string path) =>
        System.IO.Path.Join(System.IO.Path.GetDirectoryName(path), $".{System.IO.Path.GetFileName(path)}-litestream-net");
}
