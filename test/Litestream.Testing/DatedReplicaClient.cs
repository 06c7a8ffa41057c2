namespace Litestream.Testing;

/// <summary>A folder whose files are dated by a clock of the test's, as a machine's own clock dates them.</summary>
public sealed class DatedReplicaClient(IReplicaClient inner, string folder, TimeProvider time) : IReplicaClient
{
    /// <summary>Runs before every write; what it throws is the write's failure.</summary>
    public Func<Task> BeforeWrite { get; init; } = () => Task.CompletedTask;

    public Uri Location => inner.Location;

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        inner.ListAsync(prefix, cancellationToken);

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        inner.ListPrefixesAsync(prefix, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        inner.OpenReadAsync(key, offset, length, cancellationToken);

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        await BeforeWrite();
        var written = await inner.WriteAsync(key, seekableContent, mode, cancellationToken);
        var now = time.GetUtcNow();
        File.SetLastWriteTimeUtc(Path.Join(folder, key), now.UtcDateTime);
        return written with { CreatedAt = now };
    }

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(keys, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
