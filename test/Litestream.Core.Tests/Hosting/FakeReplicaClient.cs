namespace Litestream.Hosting;

/// <summary>A client that lies somewhere and can do nothing: hosting must not touch the store.</summary>
internal sealed class FakeReplicaClient(Uri location) : IReplicaClient
{
    public Uri Location { get; } = location;

    public int Disposals { get; private set; }

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken ct = default) => throw Touched();

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken ct = default) => throw Touched();

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken ct = default) => throw Touched();

    public Task<ReplicaObject> WriteAsync(string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken ct = default) =>
        throw Touched();

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken ct = default) => throw Touched();

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return ValueTask.CompletedTask;
    }

    private static InvalidOperationException Touched() => new("Hosting touched the store.");
}
