namespace Litestream.Compare.Programs;

/// <summary>Sees the segments of one replica arrive in a bucket, through the proxy on the way there.</summary>
internal sealed class StoreArrivals : IArrivals
{
    private readonly StoreProxy _proxy;
    private readonly IReplicaClient _store;
    private readonly string _prefix;
    private readonly List<Arrival> _seen = [];

    /// <param name="proxy">The way to the store.</param>
    /// <param name="store">The replica, by a shorter way.</param>
    /// <param name="prefix">What the path of its objects begins with.</param>
    public StoreArrivals(StoreProxy proxy, IReplicaClient store, string prefix)
    {
        (_proxy, _store, _prefix) = (proxy, store, prefix);
        _proxy.Stored += Add;
    }

    public IReadOnlyList<Arrival> Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    public Task<Stream> OpenAsync(Arrival arrival) => _store.OpenReadAsync(arrival.Key);

    public void Dispose()
    {
        _proxy.Stored -= Add;
        _store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private void Add(string path, long ticks)
    {
        if (path.StartsWith(_prefix, StringComparison.Ordinal) && ObjectName.Parse(path[(path.LastIndexOf('/') + 1)..]) is { } name)
        {
            lock (_seen)
            {
                _seen.Add(new Arrival(name, ticks, path[_prefix.Length..]));
            }
        }
    }
}
