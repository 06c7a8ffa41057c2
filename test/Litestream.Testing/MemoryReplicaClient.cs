using System.Runtime.CompilerServices;
using Litestream.Storage;

namespace Litestream.Testing;

/// <summary>Keeps a replica in memory. Keeps the same contract as the real clients; its clock is the test's.</summary>
public sealed class MemoryReplicaClient(TimeProvider timeProvider) : IReplicaClient
{
    // Guards _objects.
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (byte[] Content, DateTimeOffset CreatedAt)> _objects = new(StringComparer.Ordinal);

    public MemoryReplicaClient()
        : this(TimeProvider.System)
    {
    }

    public Uri Location { get; } = new("memory://replica/");

    /// <summary>The keys of all objects, in ordinal order.</summary>
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

    /// <summary>All objects as a listing shows them.</summary>
    public IReadOnlyList<ReplicaObject> Objects => Find("");

    /// <summary>The stored bytes of an object; assigning stores them as they are, without a client's rules: to plant damage.</summary>
    public byte[] this[string key]
    {
        get
        {
            lock (_lock)
            {
                return [.. _objects[key].Content];
            }
        }

        set
        {
            lock (_lock)
            {
                _objects[key] = ([.. value], _objects.TryGetValue(key, out var old) ? old.CreatedAt : timeProvider.GetUtcNow());
            }
        }
    }

    /// <summary>Changes the store's time of an object.</summary>
    public void SetCreatedAt(string key, DateTimeOffset createdAt)
    {
        lock (_lock)
        {
            _objects[key] = (_objects[key].Content, createdAt);
        }
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ReplicaKey.CheckPrefix(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        foreach (var found in Find(prefix))
        {
            yield return found;
        }
    }

    public async IAsyncEnumerable<string> ListPrefixesAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ReplicaKey.CheckFolderPrefix(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        var names = Find(prefix)
            .Select(found => found.Key[prefix.Length..])
            .Where(rest => rest.Contains('/', StringComparison.Ordinal))
            .Select(rest => rest[..rest.IndexOf('/', StringComparison.Ordinal)])
            .Distinct()
            .Order(StringComparer.Ordinal);
        foreach (var name in names)
        {
            yield return name;
        }
    }

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        ReplicaKey.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        cancellationToken.ThrowIfCancellationRequested();
        await Task.CompletedTask;
        lock (_lock)
        {
            if (!_objects.TryGetValue(key, out var found))
            {
                throw new ReplicaObjectNotFoundException($"There is no object '{key}' on the replica.", key);
            }

            var start = (int)Math.Min(offset, found.Content.Length);
            var count = (int)Math.Min(length ?? long.MaxValue, found.Content.Length - start);
            return new MemoryStream(found.Content, start, count, writable: false);
        }
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        ReplicaKey.Check(key);
        if (!seekableContent.CanSeek)
        {
            throw new ArgumentException("The content must be seekable.", nameof(seekableContent));
        }

        using var content = new MemoryStream();
        await seekableContent.CopyToAsync(content, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (mode == WriteMode.CreateNew && _objects.ContainsKey(key))
            {
                throw new ReplicaObjectExistsException($"The object '{key}' is on the replica already.", key);
            }

            _objects[key] = (content.ToArray(), timeProvider.GetUtcNow());
            return new ReplicaObject(key, content.Length, _objects[key].CreatedAt);
        }
    }

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        foreach (var key in keys)
        {
            ReplicaKey.Check(key);
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            foreach (var key in keys)
            {
                _objects.Remove(key);
            }
        }

        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private List<ReplicaObject> Find(string prefix)
    {
        lock (_lock)
        {
            return [.. _objects
                .Where(item => item.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(item => new ReplicaObject(item.Key, item.Value.Content.Length, item.Value.CreatedAt))];
        }
    }
}
