namespace Litestream.Compare.Sections;

/// <summary>A folder as far away as a bucket: every upload takes a while, and is counted.</summary>
internal sealed class CountedReplica(string folder, TimeSpan distance) : IReplicaClient, IReplicaClientFactory
{
    private readonly FileReplicaClient _folder = new(folder);
    private int _uploads;

    public int Uploads => Volatile.Read(ref _uploads);

    public Uri Location => _folder.Location;

    public IReadOnlyCollection<string> Schemes => ["counted"];

    public IReplicaClient Create(ReplicaClientContext context) => this;

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        await Task.Delay(distance, cancellationToken);
        var written = await _folder.WriteAsync(key, seekableContent, mode, cancellationToken);
        Interlocked.Increment(ref _uploads);
        return written;
    }

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        _folder.ListAsync(prefix, cancellationToken);

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        _folder.ListPrefixesAsync(prefix, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        _folder.OpenReadAsync(key, offset, length, cancellationToken);

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        _folder.DeleteAsync(keys, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
