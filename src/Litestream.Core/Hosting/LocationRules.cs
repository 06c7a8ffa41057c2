namespace Litestream.Hosting;

/// <summary>
/// The rules about what lies where: no two databases on one file, no two replicas on one place, nothing inside another's
/// folder. Each is told of a place in turn and compares it with those before.
/// </summary>
internal sealed class LocationRules(ConfigurationErrors errors)
{
    private readonly List<(string At, DatabasePaths Paths)> _databases = [];
    private readonly List<(string At, Place Place)> _replicas = [];

    /// <summary>Adds a database.</summary>
    public void AddDatabase(string at, DatabasePaths paths)
    {
        var path = $"{at}:{nameof(DatabaseOptions.Path)}";
        var metaPath = $"{at}:{nameof(DatabaseOptions.MetaPath)}";
        if (Directory.Exists(paths.Path))
        {
            errors.Add(path, "is a folder; give the path of the database file");
        }

        // A stat, not an open: SQLite may have locks on what lies there.
        if (File.Exists(paths.MetaPath))
        {
            errors.Add(metaPath, "is a file; it must be a folder, which is created when it is missing");
        }

        foreach (var (otherAt, other) in _databases)
        {
            if (PathOrder.Same(paths.Path, other.Path))
            {
                errors.Add(path, $"is the same file as {otherAt}:{nameof(DatabaseOptions.Path)}; a database is replicated once, to as many replicas as you like");
            }
            else if (PathOrder.IsAtOrInside(paths.MetaPath, other.MetaPath) || PathOrder.IsAtOrInside(other.MetaPath, paths.MetaPath))
            {
                errors.Add(metaPath, $"is, or lies in, the same folder as the one of {otherAt}; each database needs its own");
            }
        }

        _databases.Add((at, paths));
    }

    /// <summary>Adds a replica, after the database it belongs to.</summary>
    public void AddReplica(string at, Uri location, ContentRoot contentRoot)
    {
        // A trailing slash and a link to a folder are the same place under another name.
        var place = location.IsFile
            ? new Place(contentRoot.Resolve(location.LocalPath), Query: null)
            : new Place(location.GetLeftPart(UriPartial.Path).TrimEnd('/'), location.Query);
        if (place.IsFolder)
        {
            CheckFolder(at, place.Root);
        }

        foreach (var (otherAt, other) in _replicas)
        {
            if (place.Contains(other) || other.Contains(place))
            {
                errors.Add(at, $"is the same place as {otherAt}, or one lies inside the other; two replicas in one place destroy each other");
            }
        }

        _replicas.Add((at, place));
    }

    private void CheckFolder(string at, string folder)
    {
        if (File.Exists(folder))
        {
            errors.Add(at, "is a file; a replica is a folder, which is created when it is missing");
        }

        foreach (var (otherAt, other) in _databases)
        {
            if (PathOrder.IsAtOrInside(folder, other.MetaPath))
            {
                errors.Add(at, $"is, or lies in, the meta folder of {otherAt}; a replica needs a folder of its own, best on another disk");
            }
            else if (PathOrder.Same(folder, other.Path))
            {
                errors.Add(at, $"is the database file of {otherAt}; a replica needs a folder of its own");
            }
        }
    }

    /// <summary>A folder, or a location in a store, whose query may say which store is meant.</summary>
    private readonly record struct Place(string Root, string? Query)
    {
        public bool IsFolder => Query is null;

        public bool Contains(Place other) =>
            Query == other.Query
            && (IsFolder
                ? PathOrder.IsAtOrInside(other.Root, Root)
                : $"{other.Root}/".StartsWith($"{Root}/", StringComparison.Ordinal));
    }
}
