namespace Litestream.Benchmarks;

/// <summary>Takes an object into memory, as a store's client would that is done at once, and forgets the one before.</summary>
internal sealed class DiscardingReplica : IReplicaClient
{
    private readonly byte[] _buffer = new byte[64 << 20];

    public Uri Location { get; } = new("memory://benchmark/");

    public Task<ReplicaObject> WriteAsync(string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        var read = seekableContent.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        return Task.FromResult(new ReplicaObject(key, read, DateTimeOffset.UtcNow));
    }

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
