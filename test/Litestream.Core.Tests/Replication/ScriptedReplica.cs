using System.Runtime.CompilerServices;
using Litestream.Testing;

namespace Litestream.Replication;

/// <summary>A replica in memory that keeps a record of every call and does at each one what the test has asked for.</summary>
internal sealed class ScriptedReplica(TimeProvider time) : IReplicaClient
{
    private readonly MemoryReplicaClient _store = new(time);
    private readonly Lock _lock = new(); // guards the fields below
    private readonly List<string> _calls = [];
    private readonly List<(string Key, Type Type)> _contents = [];
    private int _writing;

    public Uri Location => _store.Location;

    /// <summary>Runs before a call has its effect, with the call as recorded; may throw or wait.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Runs after a call has had its effect; throwing loses the answer.</summary>
    public Func<string, Task> After { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether the answer to an upload has the time that the test has set.</summary>
    public bool AnswersWithStoredTime { get; set; }

    public int MostWritesAtOnce { get; private set; }

    /// <summary>The calls so far: LIST, NAMES, GET, PUT or DELETE, and the key.</summary>
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

    /// <summary>The streams that were uploaded, by their type.</summary>
    public IReadOnlyList<(string Key, Type Type)> Contents
    {
        get
        {
            lock (_lock)
            {
                return [.. _contents];
            }
        }
    }

    public IReadOnlyList<string> Keys => _store.Keys;

    public byte[] this[string key]
    {
        get => _store[key];
        set => _store[key] = value;
    }

    public IReadOnlyList<string> CallsOf(string operation) =>
        [.. Calls.Where(call => call.StartsWith(operation, StringComparison.Ordinal))];

    public void SetCreatedAt(string key, DateTimeOffset createdAt) => _store.SetCreatedAt(key, createdAt);

    /// <summary>The objects themselves, past the script and the record.</summary>
    public MemoryReplicaClient Store => _store;

    public long StoredBytes => _store.Keys.Sum(key => (long)_store[key].Length);

    public void Remove(string key)
    {
        _store.Keys.Should().Contain(key);
        _store.DeleteAsync([key]).IsCompletedSuccessfully.Should().BeTrue();
    }

    public void ForgetCalls()
    {
        lock (_lock)
        {
            _calls.Clear();
            _contents.Clear();
        }
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await BeginAsync($"LIST {prefix}", cancellationToken);
        await foreach (var found in _store.ListAsync(prefix, cancellationToken))
        {
            yield return found;
        }

        await After($"LIST {prefix}");
    }

    public async IAsyncEnumerable<string> ListPrefixesAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await BeginAsync($"NAMES {prefix}", cancellationToken);
        await foreach (var found in _store.ListPrefixesAsync(prefix, cancellationToken))
        {
            yield return found;
        }

        await After($"NAMES {prefix}");
    }

    public async Task<Stream> OpenReadAsync(
        string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        await BeginAsync($"GET {key}", cancellationToken);
        var stream = await _store.OpenReadAsync(key, offset, length, cancellationToken);
        await After($"GET {key}");
        return stream;
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        mode.Should().Be(WriteMode.CreateNew, "a worker replaces nothing");
        lock (_lock)
        {
            MostWritesAtOnce = Math.Max(MostWritesAtOnce, ++_writing);
            _contents.Add((key, seekableContent.GetType()));
        }

        try
        {
            await BeginAsync($"PUT {key}", cancellationToken);
            var written = await _store.WriteAsync(key, seekableContent, mode, cancellationToken);
            await After($"PUT {key}");
            if (AnswersWithStoredTime)
            {
                await foreach (var stored in _store.ListAsync(key, cancellationToken))
                {
                    return stored;
                }
            }

            return written;
        }
        finally
        {
            lock (_lock)
            {
                _writing--;
            }
        }
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        foreach (var key in keys)
        {
            await BeginAsync($"DELETE {key}", cancellationToken);
            await _store.DeleteAsync([key], cancellationToken);
            await After($"DELETE {key}");
        }
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task BeginAsync(string call, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }

        await Before(call, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
