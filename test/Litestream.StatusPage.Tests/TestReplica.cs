namespace Litestream.StatusPage;

/// <summary>A folder as a replica, which fails or holds reads when the test says so, and counts listings.</summary>
internal sealed class TestReplica(string folder) : IReplicaClient, IReplicaClientFactory
{
    private readonly FileReplicaClient _folder = new(folder);
    private volatile TaskCompletionSource _mayRead = Open();
    private volatile Exception? _failure;
    private int _listings;

    public Uri Location => new("held://store/notes");

    public IReadOnlyCollection<string> Schemes => ["held"];

    public string Folder => folder;

    /// <summary>Thrown by every call while it is set.</summary>
    public Exception? Failure
    {
        get => _failure;
        set => _failure = value;
    }

    public int Listings => Volatile.Read(ref _listings);

    public IReplicaClient Create(ReplicaClientContext context) => this;

    public void HoldReads() => _mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void LetRead() => _mayRead.TrySetResult();

    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        Check();
        Interlocked.Increment(ref _listings);
        return _folder.ListAsync(prefix, cancellationToken);
    }

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default)
    {
        Check();
        return _folder.ListPrefixesAsync(prefix, cancellationToken);
    }

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        await _mayRead.Task.WaitAsync(cancellationToken);
        Check();
        return await _folder.OpenReadAsync(key, offset, length, cancellationToken);
    }

    public Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        Check();
        return _folder.WriteAsync(key, seekableContent, mode, cancellationToken);
    }

    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        Check();
        return _folder.DeleteAsync(keys, cancellationToken);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private void Check()
    {
        if (_failure is { } failure)
        {
            throw failure;
        }
    }
}
