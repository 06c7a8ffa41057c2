namespace Litestream.Hosting;

/// <summary>
/// The rules about what lies where: no two databases on one file, no two replicas on one place, nothing inside another's
/// folder. Whoever comes is compared with all who are there, at a cost that does not grow with them. Thread-safe.
/// </summary>
internal sealed class LocationRules
{
    private readonly Lock _lock = new(); // guards the indexes; taken alone, and no file is looked at under it
    private readonly PlaceIndex _files = Folders();
    private readonly PlaceIndex _metaFolders = Folders();
    private readonly PlaceIndex _replicaFolders = Folders();

    // By the query of the location, which may say which store is meant.
    private readonly Dictionary<string, PlaceIndex> _replicas = new(StringComparer.Ordinal);

    /// <summary>Adds a database, whatever is wrong with it.</summary>
    /// <returns>Its places, given back when they are disposed.</returns>
    public DatabasePlaces AddDatabase(string at, DatabasePaths paths, ConfigurationErrors errors)
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

        var (file, meta) = (PathOrder.Trim(paths.Path), PathOrder.Trim(paths.MetaPath));
        lock (_lock)
        {
            if (_files.At(file) is { } same)
            {
                errors.Add(path, $"is the same file as {same}:{nameof(DatabaseOptions.Path)}; a database is replicated once, to as many replicas as you like");
            }
            else if ((_metaFolders.AtOrAbove(meta) ?? _metaFolders.AtOrBelow(meta)) is { } other)
            {
                errors.Add(metaPath, $"is, or lies in, the same folder as the one of {other}; each database needs its own");
            }

            if (_replicaFolders.AtOrBelow(meta) is { } inside)
            {
                errors.Add(metaPath, $"is, or holds, the folder of {inside}; a replica needs a folder of its own, best on another disk");
            }

            if (_replicaFolders.At(file) is { } replica)
            {
                errors.Add(path, $"is the folder of {replica}; a replica needs a folder of its own");
            }

            _files.Add(file, at);
            _metaFolders.Add(meta, at);
        }

        var places = new DatabasePlaces(_lock);
        places.Add(_files, file, at);
        places.Add(_metaFolders, meta, at);
        return places;
    }

    /// <summary>Adds a replica of a database.</summary>
    /// <param name="places">Where the database is.</param>
    /// <param name="at">Where the replica's URL stands in the options.</param>
    /// <param name="location">Where it lies.</param>
    /// <param name="contentRoot">Resolves links.</param>
    /// <param name="errors">Told what is wrong.</param>
    public void AddReplica(DatabasePlaces places, string at, Uri location, ContentRoot contentRoot, ConfigurationErrors errors)
    {
        // A trailing slash and a link to a folder are the same place under another name.
        if (!location.IsFile)
        {
            Add(places, InStore(location.Query), location.GetLeftPart(UriPartial.Path).TrimEnd('/'), at, errors);
            return;
        }

        var folder = PathOrder.Trim(contentRoot.Resolve(location.LocalPath));
        if (File.Exists(folder))
        {
            errors.Add(at, "is a file; a replica is a folder, which is created when it is missing");
        }

        lock (_lock)
        {
            if (_metaFolders.AtOrAbove(folder) is { } meta)
            {
                errors.Add(at, $"is, or lies in, the meta folder of {meta}; a replica needs a folder of its own, best on another disk");
            }
            else if (_files.At(folder) is { } file)
            {
                errors.Add(at, $"is the database file of {file}; a replica needs a folder of its own");
            }
        }

        Add(places, _replicaFolders, folder, at, errors);
    }

    private void Add(DatabasePlaces places, PlaceIndex replicas, string path, string at, ConfigurationErrors errors)
    {
        lock (_lock)
        {
            if ((replicas.AtOrAbove(path) ?? replicas.AtOrBelow(path)) is { } other)
            {
                errors.Add(at, $"is the same place as {other}, or one lies inside the other; two replicas in one place destroy each other");
            }

            replicas.Add(path, at);
            places.Add(replicas, path, at);
        }
    }

    private PlaceIndex InStore(string query)
    {
        lock (_lock)
        {
            if (!_replicas.TryGetValue(query, out var index))
            {
                _replicas[query] = index = new PlaceIndex('/', StringComparer.Ordinal);
            }

            return index;
        }
    }

    private static PlaceIndex Folders() => new(Path.DirectorySeparatorChar, PathOrder.Comparer);
}
