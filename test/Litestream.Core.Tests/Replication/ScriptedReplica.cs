using System.Runtime.CompilerServices;

namespace Litestream.Replication;

/// <summary>A replica in memory that keeps a record of every call and does at each one what the test has asked for.</summary>
internal sealed class ScriptedReplica(TimeProvider time) : IReplicaClient
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (byte[] Bytes, DateTimeOffset At)> _objects = new(StringComparer.Ordinal);
    private readonly List<string> _calls = [];
    private int _writing;

    public Uri Location { get; } = new("memory://replica");

    /// <summary>Runs before a call has its effect, with the call as recorded; may throw or wait.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Runs after a call has had its effect; throwing loses the answer.</summary>
    public Func<string, Task> After { get; set; } = _ => Task.CompletedTask;

    public int MostWritesAtOnce { get; private set; }

    /// <summary>Type of the streams that were uploaded.</summary>
    public List<(string Key, Type Type)> Contents { get; } = [];

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

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

    /// <summary>Calls of one kind: LIST, GET, PUT.</summary>
    public IReadOnlyList<string> CallsOf(string operation) =>
        [.. Calls.Where(call => call.StartsWith(operation, StringComparison.Ordinal))];

    public byte[] this[string key]
    {
        get
        {
            lock (_lock)
            {
                return _objects[key].Bytes;
            }
        }

        set
        {
            lock (_lock)
            {
                _objects[key] = (value, time.GetUtcNow());
            }
        }
    }

    public void Remove(string key)
    {
        lock (_lock)
        {
            _objects.Remove(key).Should().BeTrue();
        }
    }

    public void ForgetCalls()
    {
        lock (_lock)
        {
            _calls.Clear();
        }
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await CallAsync($"LIST {prefix}", cancellationToken);
        List<ReplicaObject> found;
        lock (_lock)
        {
            found = [.. _objects
                .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(pair => new ReplicaObject(pair.Key, pair.Value.Bytes.Length, pair.Value.At))];
        }

        foreach (var item in found)
        {
            yield return item;
        }

        await After($"LIST {prefix}");
    }

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("A worker lists generations never.");

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        await CallAsync($"GET {key}", cancellationToken);
        byte[] bytes;
        lock (_lock)
        {
            bytes = _objects.TryGetValue(key, out var found)
                ? found.Bytes
                : throw new ReplicaObjectNotFoundException($"There is no '{key}'.", key);
        }

        await After($"GET {key}");
        var from = (int)Math.Min(offset, bytes.Length);
        return new MemoryStream(bytes, from, (int)Math.Min(length ?? long.MaxValue, bytes.Length - from), writable: false);
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        mode.Should().Be(WriteMode.CreateNew);
        lock (_lock)
        {
            MostWritesAtOnce = Math.Max(MostWritesAtOnce, ++_writing);
            Contents.Add((key, seekableContent.GetType()));
        }

        try
        {
            await CallAsync($"PUT {key}", cancellationToken);
            var copy = new MemoryStream();
            await seekableContent.CopyToAsync(copy, cancellationToken);
            lock (_lock)
            {
                if (!_objects.TryAdd(key, (copy.ToArray(), time.GetUtcNow())))
                {
                    throw new ReplicaObjectExistsException($"'{key}' exists.", key);
                }
            }

            await After($"PUT {key}");
            return new ReplicaObject(key, copy.Length, time.GetUtcNow());
        }
        finally
        {
            lock (_lock)
            {
                _writing--;
            }
        }
    }

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        throw new InvalidOperationException("A worker deletes nothing.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task CallAsync(string call, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }

        await Before(call, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
