using Litestream.Testing.Faults;

namespace Litestream.Simulation;

/// <summary>What was asked of one store, and what it was sent: stands between the store and the way to it that fails.</summary>
internal sealed class Traffic(IReplicaClient store) : IReplicaClient
{
    private readonly Dictionary<ReplicaOperation, int> _requests = [];
    private readonly Dictionary<string, long> _objects = new(StringComparer.Ordinal);

    /// <summary>All requests, also those that failed before they had an effect.</summary>
    public int Total => _requests.Values.Sum();

    /// <summary>Bytes that were sent to be written, each time.</summary>
    public long Sent { get; private set; }

    /// <summary>The largest object that was sent.</summary>
    public long Largest { get; private set; }

    /// <summary>The objects that were ever written, each with its size when it was first sent.</summary>
    public IReadOnlyDictionary<string, long> Objects => _objects;

    public Uri Location => store.Location;

    public int this[ReplicaOperation operation] => _requests.GetValueOrDefault(operation);

    /// <summary>Somebody asks something.</summary>
    public void Count(ReplicaCall call) => _requests[call.Operation] = this[call.Operation] + 1;

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        var size = seekableContent.Length - seekableContent.Position;
        Sent += size;
        Largest = Math.Max(Largest, size);
        _objects.TryAdd(key, size);
        return await store.WriteAsync(key, seekableContent, mode, cancellationToken);
    }

    public Task<Stream> OpenReadAsync(
        string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        store.OpenReadAsync(key, offset, length, cancellationToken);

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        store.ListAsync(prefix, cancellationToken);

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        store.ListPrefixesAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        store.DeleteAsync(keys, cancellationToken);

    public ValueTask DisposeAsync() => store.DisposeAsync();
}
