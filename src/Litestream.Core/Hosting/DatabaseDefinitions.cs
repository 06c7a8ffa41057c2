namespace Litestream.Hosting;

/// <summary>Turns validated options into what the engines are made from.</summary>
internal sealed class DatabaseDefinitions(ReplicaClients clients, ContentRoot contentRoot)
{
    /// <summary>The definitions of all databases, in order of name.</summary>
    public IReadOnlyList<DatabaseDefinition> Create(LitestreamOptions options) =>
        [.. options.Databases.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => Create(pair.Key, pair.Value, options.ReleaseOnStop))];

    private DatabaseDefinition Create(string name, DatabaseOptions database, bool releaseOnStop)
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
