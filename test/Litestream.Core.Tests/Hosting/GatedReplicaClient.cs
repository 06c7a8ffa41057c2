namespace Litestream.Hosting;

/// <summary>A replica in front of another whose uploads wait, or fail, for as long as the test wants.</summary>
internal sealed class GatedReplicaClient(IReplicaClient inner) : IReplicaClient
{
    private volatile TaskCompletionSource? _closed;
    private volatile Exception? _failure;

    public Uri Location => inner.Location;

    /// <summary>Runs before each upload.</summary>
    public Func<string, CancellationToken, Task> BeforeWrite { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>From now on every call hangs until <see cref="Open"/>, or until it is given up.</summary>
    public void Hang() => _closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on every call fails.</summary>
    public void Fail() => _failure = new ReplicaException("The store is away.", innerException: null, isTransient: true);

    /// <summary>All is well again.</summary>
    public void Open()
    {
        _failure = null;
        var closed = _closed;
        _closed = null;
        closed?.TrySetResult();
    }

    public async IAsyncEnumerable<ReplicaObject> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        await foreach (var found in inner.ListAsync(prefix, cancellationToken))
        {
            yield return found;
        }
    }

    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        inner.ListPrefixesAsync(prefix, cancellationToken);

    public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        return await inner.OpenReadAsync(key, offset, length, cancellationToken);
    }

    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        await BeforeWrite(key, cancellationToken);
        return await inner.WriteAsync(key, seekableContent, mode, cancellationToken);
    }

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        await PassAsync(cancellationToken);
        await inner.DeleteAsync(keys, cancellationToken);
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private async Task PassAsync(CancellationToken cancellationToken)
    {
        if (_failure is { } failure)
        {
            throw failure;
        }

        if (_closed is { } closed)
        {
            await closed.Task.WaitAsync(cancellationToken);
        }
    }
}
