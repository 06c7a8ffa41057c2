using Litestream.Testing;

namespace Litestream.Diagnostics;

/// <summary>A store in memory for <c>slow://</c> that hangs or fails for as long as a test wants, whatever token it is given.</summary>
internal sealed class BlockingStores : IReplicaClientFactory
{
    public IReadOnlyCollection<string> Schemes { get; } = ["slow"];

    public BlockingClient Client { get; } = new();

    public IReplicaClient Create(ReplicaClientContext context) => Client;

    /// <summary>From now on calls hang.</summary>
    public void Block() => Client.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on calls fail.</summary>
    public void Fail(Exception exception)
    {
        Block();
        Client.Gate.SetException(exception);
    }

    /// <summary>Calls go through again, those that hang too.</summary>
    public void Release()
    {
        var gate = Client.Gate;
        Client.Gate = new TaskCompletionSource();
        Client.Gate.SetResult();
        gate.TrySetResult();
    }

    /// <summary>The client of that store.</summary>
    internal sealed class BlockingClient : IReplicaClient
    {
        private readonly MemoryReplicaClient _store = new();
        private volatile TaskCompletionSource _gate = new();

        public BlockingClient() => _gate.SetResult();

        public TaskCompletionSource Gate
        {
            get => _gate;
            set => _gate = value;
        }

        public Uri Location => new("slow://replica");

        public long TotalBytes => _store.Keys.Sum(key => (long)_store[key].Length);

        public async IAsyncEnumerable<ReplicaObject> ListAsync(
            string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Gate.Task;
            await foreach (var item in _store.ListAsync(prefix, cancellationToken))
            {
                yield return item;
            }
        }

        public async IAsyncEnumerable<string> ListPrefixesAsync(
            string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Gate.Task;
            await foreach (var item in _store.ListPrefixesAsync(prefix, cancellationToken))
            {
                yield return item;
            }
        }

        public async Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
        {
            await Gate.Task;
            return await _store.OpenReadAsync(key, offset, length, cancellationToken);
        }

        public async Task<ReplicaObject> WriteAsync(
            string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
        {
            await Gate.Task;
            return await _store.WriteAsync(key, seekableContent, mode, cancellationToken);
        }

        public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
        {
            await Gate.Task;
            await _store.DeleteAsync(keys, cancellationToken);
        }

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
