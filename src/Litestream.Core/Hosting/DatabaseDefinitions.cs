namespace Litestream.Hosting;

/// <summary>Turns validated options into what the engines are made from.</summary>
internal sealed class DatabaseDefinitions(ReplicaClients clients, ContentRoot contentRoot)
{
    /// <summary>The definition of one database, whose options are sound.</summary>
    public DatabaseDefinition Create(string name, DatabaseOptions database, bool releaseOnStop)
    {
        var paths = DatabasePaths.Resolve(contentRoot, database);
        return new DatabaseDefinition
        {
            Name = name,
            Path = paths.Path,
            MetaPath = paths.MetaPath,
            Options = database,
            Replicas = [.. database.Replicas.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair =>
                new ReplicaDefinition(pair.Key, pair.Value, clients.Get(name, paths.Path, pair.Key, pair.Value.Url)))],
            ReleaseOnStop = releaseOnStop,
        };
    }
}
