using System.Collections.Concurrent;

namespace Litestream.Hosting;

/// <summary>
/// Makes the client of each replica through the registered factories, once: validation makes it to learn whether its
/// settings are sound and where it lies, and the engine then uses the same.
/// </summary>
internal sealed class ReplicaClients(
    IEnumerable<IReplicaClientFactory> factories, IEnumerable<ConfigurationSource> sources, ContentRoot contentRoot) : IAsyncDisposable, IDisposable
{
    // By database, and then by replica and URL.
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<(string Replica, string Url), Lazy<IReplicaClient>>> _clients =
        new(StringComparer.Ordinal);

    // A factory that is registered later replaces an earlier one for the same scheme.
    private readonly Dictionary<string, IReplicaClientFactory> _byScheme = ByScheme(factories);

    /// <summary>The URL schemes that can be served.</summary>
    public IReadOnlyCollection<string> Schemes => _byScheme.Keys;

    /// <summary>The client of one replica, whose scheme is served.</summary>
    /// <exception cref="ArgumentException">The factory refuses the URL or its settings.</exception>
    public IReplicaClient Get(string databaseName, string databasePath, string replicaName, string url) =>
        _clients.GetOrAdd(databaseName, _ => new()).GetOrAdd((replicaName, url), _ => new Lazy<IReplicaClient>(() =>
            _byScheme[ReplicaUrl.Scheme(url)].Create(new ReplicaClientContext
            {
                DatabaseName = databaseName,
                ReplicaName = replicaName,
                Url = url,
                ContentRoot = contentRoot.Path,
                DatabasePath = databasePath,
                Configuration = sources.Select(source => source.FindReplica(databaseName, replicaName)).LastOrDefault(section => section is not null),
                RootConfiguration = (sources.LastOrDefault(source => source.FindReplica(databaseName, replicaName) is not null)
                    ?? sources.LastOrDefault())?.Configuration,
            }))).Value;

    /// <summary>Disposes the clients of a database that nobody uses any more.</summary>
    public async ValueTask ReleaseAsync(string databaseName)
    {
        if (_clients.TryRemove(databaseName, out var clients))
        {
            foreach (var client in clients.Values.Where(client => client.IsValueCreated))
            {
                await client.Value.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var database in _clients.Keys)
        {
            await ReleaseAsync(database).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <remarks>For a service provider that is not disposed asynchronously, which would refuse a service that only can be.</remarks>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static Dictionary<string, IReplicaClientFactory> ByScheme(IEnumerable<IReplicaClientFactory> factories)
    {
        var byScheme = new Dictionary<string, IReplicaClientFactory>(StringComparer.Ordinal);
        foreach (var factory in factories)
        {
            foreach (var scheme in factory.Schemes)
            {
                byScheme[scheme] = factory;
            }
        }

        return byScheme;
    }
}
