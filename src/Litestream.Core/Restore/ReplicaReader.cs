using System.Globalization;
using Litestream.Diagnostics;
using Litestream.Storage;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace Litestream.Restore;

/// <summary>Reads a replica for a restore. What fails for a moment is tried again; what an object says of itself is kept.</summary>
internal sealed class ReplicaReader : ITrailerSource
{
    // With back-off about ten seconds: longer troubles are for the caller to see.
    private const int Attempts = 5;

    private readonly Dictionary<string, SegmentTrailer?> _segmentTrailers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SnapshotTrailer?> _snapshotTrailers = new(StringComparer.Ordinal);
    private readonly HashSet<string> _newer = new(StringComparer.Ordinal); // under its own lock: segments are decoded side by side
    private readonly IReplicaClient _client;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retries;

    public ReplicaReader(IReplicaClient client, TimeProvider time, ILogger logger)
    {
        _client = client;
        _logger = logger;
        _retries = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(IsTransient(arguments.Outcome.Exception)),
                MaxRetryAttempts = Attempts,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(200),
                MaxDelay = TimeSpan.FromSeconds(5),
                OnRetry = arguments =>
                {
                    logger.RestoreRetrying(client.Location.ToString(), arguments.Outcome.Exception?.Message, arguments.RetryDelay);
                    return default;
                },
            })
            .Build();
    }

    public async Task<ReplicaCatalog> LoadCatalogAsync(string? generation, CancellationToken cancellationToken)
    {
        _segmentTrailers.Clear();
        _snapshotTrailers.Clear();
        return await RetryAsync(token => ReplicaCatalog.LoadAsync(_client, generation, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens an object, from its start, to be read once.</summary>
    public Stream Open(ReplicaObject source, Action<int> onRead) => new ResumingStream(_client, source, 0, source.Size, _retries, onRead);

    /// <summary>Opens a large object, of which several parts are fetched at once.</summary>
    public Stream Open(ReplicaObject source, int parallelism, Action<int> onRead) =>
        source.Size <= ParallelRangeStream.PartBytes || parallelism == 1
            ? Open(source, onRead)
            : new ParallelRangeStream(source.Size, parallelism, (start, end) => new ResumingStream(_client, source, start, end, _retries, onRead));

    public async ValueTask<SegmentTrailer?> ReadSegmentAsync(CatalogSegment segment, CancellationToken cancellationToken)
    {
        var key = segment.Key;
        if (!segment.Name.Compressed)
        {
            return null;
        }

        if (!_segmentTrailers.TryGetValue(key, out var trailer))
        {
            var reading = await RetryAsync(token => SegmentTrailerCodec.ReadAsync(_client, segment.Object, token), cancellationToken).ConfigureAwait(false);
            _segmentTrailers[key] = trailer = Accept(reading, key);
            if (trailer is not null && (trailer.Index != segment.Index || trailer.Offset != segment.Offset))
            {
                throw new ReplicaCorruptedException(
                    string.Create(CultureInfo.InvariantCulture, $"The object '{key}' was written as the segment {trailer.Index:x8}:{trailer.Offset:x8}."), key);
            }
        }

        return trailer;
    }

    public async ValueTask<SnapshotTrailer?> ReadSnapshotAsync(CatalogSnapshot snapshot, CancellationToken cancellationToken)
    {
        var key = snapshot.Key;
        if (!snapshot.Name.Compressed)
        {
            return null;
        }

        if (!_snapshotTrailers.TryGetValue(key, out var trailer))
        {
            var reading = await RetryAsync(token => SnapshotTrailerCodec.ReadAsync(_client, snapshot.Object, token), cancellationToken).ConfigureAwait(false);
            _snapshotTrailers[key] = trailer = Accept(reading, key);
            if (trailer is not null && trailer.Index != snapshot.Index)
            {
                throw new ReplicaCorruptedException($"The snapshot '{key}' was written as that of index {trailer.Index:x8}.", key);
            }
        }

        return trailer;
    }

    /// <summary>Whether an object has a trailer that only a newer version understands.</summary>
    public bool HasNewerTrailer(string key)
    {
        lock (_newer)
        {
            return _newer.Contains(key);
        }
    }

    /// <summary>What a trailer that was found is worth. Thread-safe.</summary>
    /// <exception cref="ReplicaCorruptedException">It is damaged; so may be the object.</exception>
    public T? Accept<T>(TrailerReading<T> reading, string key)
        where T : class
    {
        if (reading.State is TrailerState.Damaged or TrailerState.Longer)
        {
            throw new ReplicaCorruptedException($"The end of the object '{key}' is damaged.", key);
        }

        if (reading.State == TrailerState.NewerVersion)
        {
            lock (_newer)
            {
                _newer.Add(key);
            }

            _logger.RestoreNewerTrailer(key);
        }

        return reading.Trailer;
    }

    private async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await _retries.ExecuteAsync(
                static async (read, token) => await read(token).ConfigureAwait(false), read, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            // To the caller an IOException speaks of the target.
            throw new ReplicaException($"The replica '{_client.Location}' could not be read: {exception.Message}", exception, isTransient: true);
        }
    }

    private static bool IsTransient(Exception? exception) => exception is IOException or ReplicaException { IsTransient: true };
}
