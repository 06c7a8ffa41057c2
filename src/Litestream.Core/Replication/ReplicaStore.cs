using Litestream.Diagnostics;
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

    /// <summary>Seconds that a listing may take. A replica of a month, with an upload each second, has 2600 pages.</summary>
    private const long LongestListing = 3600;

    /// <summary>A listing that has brought so many objects gets on.</summary>
    private const int ProgressObjects = 500;

    private readonly ResiliencePipeline _pipeline = RetryPolicies.ForCalls(timeProvider, jitter);

    /// <summary>The store's clock.</summary>
    public StoreClock Clock { get; } = new(timeProvider);

    /// <summary>False for a folder, whose files this machine dates.</summary>
    public bool HasClockOfItsOwn => !client.Location.IsFile;

    /// <summary>The replica in words, for messages; no secret in it.</summary>
    public string Description { get; } = $"replica '{replica}' of database '{database}' ({client.Location})";

    /// <summary>Everything below a prefix, in one go: a listing that breaks off is no listing.</summary>
    public async Task<List<ReplicaObject>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            return await ListAsync(
                prefix, static () => new List<ReplicaObject>(), static (objects, found) => objects.Add(found), cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException) when (Mutations.Made == Mutation.FailedListingIsEmpty)
        {
            return [];
        }
    }

    /// <summary>What there is of a generation below a prefix, as far as a worker has to know it to go on.</summary>
    public async Task<GenerationListing> ListGenerationAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            return await ListAsync(
                prefix, static () => new GenerationListing(), static (listing, found) => listing.Add(found), cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException) when (Mutations.Made == Mutation.FailedListingIsEmpty)
        {
            return new GenerationListing();
        }
    }

    /// <summary>The names of the generations, and nothing of what they hold. One request.</summary>
    public Task<HashSet<string>> ListGenerationsAsync(CancellationToken cancellationToken) =>
        CallAsync(
            0,
            async token =>
            {
                var names = new HashSet<string>(StringComparer.Ordinal);
                await foreach (var name in client.ListPrefixesAsync(ReplicaLayout.GenerationsPrefix, token).ConfigureAwait(false))
                {
                    if (ReplicaLayout.IsGeneration(name))
                    {
                        names.Add(name);
                    }
                }

                return names;
            },
            cancellationToken);

    /// <summary>Everything that the replica holds, in little memory.</summary>
    public async Task<ReplicaInventory> TakeInventoryAsync(CancellationToken cancellationToken)
    {
        var builder = await ListAsync(
            ReplicaLayout.GenerationsPrefix,
            static () => new ReplicaInventory.Builder(),
            static (builder, found) => builder.Add(found),
            cancellationToken).ConfigureAwait(false);
        return builder.Build();
    }

    /// <summary>Deletes objects; those that are not there are not missed.</summary>
    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken) =>
        CallAsync(
            keys.Count * RetryPolicies.SlowestBytesPerSecond, // a second for each, where a store deletes them one by one
            async token =>
            {
                await client.DeleteAsync(keys, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    /// <summary>What a segment says of the number of those before it; null if it does not say.</summary>
    /// <exception cref="ReplicaException">It could not be read; transient if it was not there.</exception>
    public async Task<long?> ReadOrdinalAsync(string key, CancellationToken cancellationToken)
    {
        // The listing knows its size, which finds the trailer.
        var found = (await ListAsync(key, cancellationToken).ConfigureAwait(false)).Find(listed => listed.Key == key);
        if (found.Key is null)
        {
            throw new ReplicaException($"'{key}' vanished from {Description}.", innerException: null, isTransient: true);
        }

        return (await ReadSegmentTrailerAsync(found, cancellationToken).ConfigureAwait(false)).Trailer?.Ordinal;
    }

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

    /// <summary>A listing may take as long as it is long, but must get on: <paramref name="begin"/> starts anew with each attempt.</summary>
    private Task<T> ListAsync<T>(string prefix, Func<T> begin, Action<T, ReplicaObject> add, CancellationToken cancellationToken) =>
        CallAsync(
            LongestListing * RetryPolicies.SlowestBytesPerSecond,
            async token =>
            {
                using var stuck = new CancellationTokenSource(RetryPolicies.CallTimeout, timeProvider);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(token, stuck.Token);
                try
                {
                    var result = begin();
                    var count = 0;
                    await foreach (var found in client.ListAsync(prefix, either.Token).ConfigureAwait(false))
                    {
                        add(result, found);
                        if (++count % ProgressObjects == 0)
                        {
                            stuck.CancelAfter(RetryPolicies.CallTimeout);
                        }
                    }

                    return result;
                }
                catch (OperationCanceledException exception) when (stuck.IsCancellationRequested && !token.IsCancellationRequested)
                {
                    throw new ReplicaException($"The listing of {Description} did not get on.", exception, isTransient: true);
                }
            },
            cancellationToken);

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
