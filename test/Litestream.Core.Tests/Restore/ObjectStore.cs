using System.Runtime.CompilerServices;

namespace Litestream.Restore;

/// <summary>A replica in memory whose objects, times and failures a test sets as it likes.</summary>
internal sealed class ObjectStore : IReplicaClient
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (byte[] Content, DateTimeOffset CreatedAt)> _objects = new(StringComparer.Ordinal);

    public Uri Location { get; } = new("memory://objects");

    /// <summary>Called with the key and offset of every reading; may throw, or change the store.</summary>
    public Action<string, long>? OnOpen { get; set; }

    /// <summary>Wraps what is read.</summary>
    public Func<string, Stream, Stream>? OnRead { get; set; }

    /// <summary>Puts the listing into another order.</summary>
    public Func<IEnumerable<ReplicaObject>, IEnumerable<ReplicaObject>> Order { get; set; } = objects => objects;

    public IReadOnlyList<string> Keys
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects.Keys];
            }
        }
    }

    public byte[] this[string key]
    {
        get
        {
            lock (_lock)
            {
                return _objects[key].Content;
            }
        }
    }

    public void Put(string key, byte[] content, DateTimeOffset createdAt)
    {
        lock (_lock)
        {
            _objects[key] = (content, createdAt);
        }
    }

    public void Change(string key, Func<byte[], byte[]> change)
    {
        lock (_lock)
        {
            _objects[key] = (change(_objects[key].Content), _objects[key].CreatedAt);
        }
    }

    public void Remove(string key)
    {
        lock (_lock)
        {
            _objects.Remove(key);
        }
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        List<ReplicaObject> found;
        lock (_lock)
        {
            found = [.. Order(_objects.Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(item => new ReplicaObject(item.Key, item.Value.Content.Length, item.Value.CreatedAt)))];
        }

        foreach (var item in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("A restore does not ask for prefixes.");

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        OnOpen?.Invoke(key, offset);
        lock (_lock)
        {
            if (!_objects.TryGetValue(key, out var item))
            {
                throw new ReplicaObjectNotFoundException($"The object '{key}' is not there.", key);
            }

            var start = (int)Math.Min(offset, item.Content.Length);
            var count = (int)Math.Min(length ?? long.MaxValue, item.Content.Length - start);
            Stream stream = new MemoryStream(item.Content, start, count, writable: false);
            return Task.FromResult(OnRead?.Invoke(key, stream) ?? stream);
        }
    }

    public Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("A restore does not write.");

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("A restore does not delete.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
