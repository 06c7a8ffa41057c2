using Litestream.Storage;
using Polly;

namespace Litestream.Replication;

/// <summary>
/// A replica's client with the retries around it: each call gets a few quick attempts and a time-out. Thread-safe; one
/// worker uses it.
/// </summary>
internal sealed class ReplicaStore(
    IReplicaClient client,
    string database,
    string replica,
    TimeProvider timeProvider,
    Random jitter)
{
    /// <summary>What is larger may be dated by the beginning of its upload, and what that took is not the clock's doing.</summary>
    private const long TellsTimeUpTo = 8L << 20;

    private readonly ResiliencePipeline _pipeline = RetryPolicies.ForCalls(timeProvider, jitter);

    /// <summary>The store's clock.</summary>
    public StoreClock Clock { get; } = new(timeProvider);

    /// <summary>The replica in words, for messages; no secret in it.</summary>
    public string Description { get; } = $"replica '{replica}' of database '{database}' ({client.Location})";

    /// <summary>Everything below a prefix, in one go: a listing that breaks off is no listing.</summary>
    public Task<List<ReplicaObject>> ListAsync(string prefix, CancellationToken cancellationToken) =>
        CallAsync(
            0,
            async token =>
            {
                var objects = new List<ReplicaObject>();
                await foreach (var found in client.ListAsync(prefix, token).ConfigureAwait(false))
                {
                    objects.Add(found);
                }

                return objects;
            },
            cancellationToken);

    /// <summary>Creates an object from the whole of <paramref name="content"/>.</summary>
    /// <exception cref="ReplicaObjectExistsException">
    /// The key is taken: perhaps by an attempt of ours that took effect although its answer was lost.
    /// </exception>
    public Task<ReplicaObject> CreateAsync(string key, Stream content, CancellationToken cancellationToken) =>
        CallAsync(
            content.Length,
            async token =>
            {
                content.Position = 0;
                var created = await client.WriteAsync(key, content, WriteMode.CreateNew, token).ConfigureAwait(false);
                if (content.Length <= TellsTimeUpTo)
                {
                    Clock.Observe(created.CreatedAt);
                }

                return created;
            },
            cancellationToken);

    /// <summary>Reads an object. <paramref name="read"/> starts anew with each attempt.</summary>
    public Task<T> ReadAsync<T>(
        string key,
        long expectedBytes,
        Func<Stream, CancellationToken, Task<T>> read,
        CancellationToken cancellationToken) =>
        CallAsync(
            expectedBytes,
            async token =>
            {
                var stream = await client.OpenReadAsync(key, cancellationToken: token).ConfigureAwait(false);
                await using (stream.ConfigureAwait(false))
                {
                    return await read(stream, token).ConfigureAwait(false);
                }
            },
            cancellationToken);

    /// <summary>What a segment says of itself: one ranged read.</summary>
    public Task<TrailerReading<SegmentTrailer>> ReadSegmentTrailerAsync(ReplicaObject segment, CancellationToken cancellationToken) =>
        CallAsync(0, token => SegmentTrailerCodec.ReadAsync(client, segment, token), cancellationToken);

    /// <summary>What a snapshot says of itself: one ranged read.</summary>
    public Task<TrailerReading<SnapshotTrailer>> ReadSnapshotTrailerAsync(ReplicaObject snapshot, CancellationToken cancellationToken) =>
        CallAsync(0, token => SnapshotTrailerCodec.ReadAsync(client, snapshot, token), cancellationToken);

    private async Task<T> CallAsync<T>(long bytes, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        try
        {
            context.Properties.Set(RetryPolicies.Bytes, bytes);
            return await _pipeline.ExecuteAsync(
                static async (context, call) => await call(context.CancellationToken).ConfigureAwait(false),
                context,
                call).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
