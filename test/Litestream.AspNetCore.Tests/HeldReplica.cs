using Litestream.Testing;

namespace Litestream.AspNetCore;

/// <summary>A replica in memory that counts what is uploaded, and holds or refuses it when the test says so.</summary>
internal sealed class HeldReplica : IReplicaClient, IReplicaClientFactory
{
    private readonly MemoryReplicaClient _store = new();
    private readonly Lock _lock = new(); // guards the fields below
    private TaskCompletionSource _open = Opened();
    private int _uploads;
    private int _begun;

    public Uri Location => _store.Location;

    public IReadOnlyCollection<string> Schemes => ["held"];

    /// <summary>Thrown by every upload while it is set.</summary>
    public Exception? Failure { get; set; }

    /// <summary>How many objects were uploaded.</summary>
    public int Uploads
    {
        get
        {
            lock (_lock)
            {
                return _uploads;
            }
        }
    }

    /// <summary>How many uploads were begun.</summary>
    public int Begun
    {
        get
        {
            lock (_lock)
            {
                return _begun;
            }
        }
    }

    public IReplicaClient Create(ReplicaClientContext context) => this;

    /// <summary>From now on every upload waits.</summary>
    public void Hold()
    {
        lock (_lock)
        {
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Lets all of them go on.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _open.TrySetResult();
        }
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        Task open;
        lock (_lock)
        {
            _begun++;
            open = _open.Task;
        }

        await open.WaitAsync(cancellationToken);
        if (Failure is { } failure)
        {
            throw failure;
        }

        var written = await _store.WriteAsync(key, seekableContent, mode, cancellationToken);
        lock (_lock)
        {
            _uploads++;
        }

        return written;
    }

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        _store.ListAsync(prefix, cancellationToken);

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        _store.ListPrefixesAsync(prefix, cancellationToken);

    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default) =>
        _store.OpenReadAsync(key, offset, length, cancellationToken);

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default) =>
        _store.DeleteAsync(keys, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }
}
