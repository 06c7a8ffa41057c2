using System.Runtime.CompilerServices;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>
/// Fetches segments side by side, decompresses and proves the next few, and hands them out in order. What is ahead is
/// bounded in number and in bytes; an object too large for that is read when its turn comes, through a stream.
/// </summary>
internal sealed class SegmentDownloader(ReplicaReader reader, int parallelism, Action<int> onRead)
{
    // Stored sizes. Segments of ours hold at most 8 MiB of WAL, so that nearly all are smaller than this.
    private const long LargestFetched = 4 * 1024 * 1024;
    private const long MostFetchedAhead = 16 * 1024 * 1024;

    // Of 8 MiB each as a rule: what one core applies, four can hardly decompress faster.
    private const int MostDecodedAhead = 4;

    /// <exception cref="ReplicaObjectNotFoundException">An object of the plan is gone.</exception>
    public async IAsyncEnumerable<DownloadedSegment> DownloadAsync(
        IReadOnlyList<PlannedSegment> segments, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fetched = new Queue<(PlannedSegment Segment, Task<byte[]?> Buffer)>();
        var decoded = new Queue<Task<DecodedSegment?>>();
        var (next, aheadBytes) = (0, 0L);
        try
        {
            foreach (var segment in segments)
            {
                while (next < segments.Count && fetched.Count < parallelism
                    && (fetched.Count + decoded.Count == 0 || aheadBytes + FetchedSize(segments[next]) <= MostFetchedAhead))
                {
                    aheadBytes += FetchedSize(segments[next]);
                    fetched.Enqueue((segments[next], FetchAsync(segments[next].Source.Object, stop.Token)));
                    next++;
                }

                // In order, so that nobody waits for room which those behind him have taken.
                while (decoded.Count < Math.Min(parallelism, MostDecodedAhead) && fetched.TryDequeue(out var ahead))
                {
                    decoded.Enqueue(DecodeAsync(ahead.Segment, ahead.Buffer, stop.Token));
                }

                // It stays in the queue while it is waited for: a failure is abandoned with the others.
                var ready = await decoded.Peek().ConfigureAwait(false);
                _ = decoded.Dequeue();
                aheadBytes -= FetchedSize(segment);
                if (ready is not null)
                {
                    using var owned = ready;
                    using var content = new MemoryStream(ready.Raw.Array!, ready.Raw.Offset, ready.Raw.Count, writable: false, publiclyVisible: true);
                    yield return new DownloadedSegment(segment, content, ready.Trailer, IsProven: ready.Trailer is not null);
                    continue;
                }

                var stream = reader.Open(segment.Source.Object, parallelism, onRead);
                await using var ownedStream = stream.ConfigureAwait(false);
                var trailer = await reader.ReadSegmentAsync(segment.Source, cancellationToken).ConfigureAwait(false);
                var decoder = segment.Source.Name.Compressed
                    ? Lz4Frame.OpenDecoder(stream, segment.Key, leaveOpen: true, verified: trailer is not null)
                    : stream;
                await using var ownedDecoder = decoder.ConfigureAwait(false);
                yield return new DownloadedSegment(segment, decoder, trailer, IsProven: false);
                if (trailer is null && segment.Source.Name.Compressed)
                {
                    await ObjectTail.VerifyAsync(stream, segment.Key, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await AbandonAsync(decoded, decodedSegment => decodedSegment?.Dispose()).ConfigureAwait(false);
            await AbandonAsync(fetched.Select(ahead => ahead.Buffer), Return).ConfigureAwait(false);
        }
    }

    private static long FetchedSize(PlannedSegment segment) => segment.Source.Size <= LargestFetched ? segment.Source.Size : 0;

    private async Task<byte[]?> FetchAsync(ReplicaObject source, CancellationToken cancellationToken)
    {
        if (source.Size > LargestFetched)
        {
            return null;
        }

        var buffer = LargeBuffers.Rent((int)source.Size);
        try
        {
            var stream = reader.Open(source, onRead);
            await using var owned = stream.ConfigureAwait(false);
            await stream.ReadExactlyAsync(buffer.AsMemory(0, (int)source.Size), cancellationToken).ConfigureAwait(false);
            return buffer;
        }
        catch
        {
            Return(buffer);
            throw;
        }
    }

    /// <returns>Null for one that is too large to be held, which is read again as a stream.</returns>
    private async Task<DecodedSegment?> DecodeAsync(PlannedSegment segment, Task<byte[]?> fetching, CancellationToken cancellationToken)
    {
        var buffer = await fetching.ConfigureAwait(false);
        if (buffer is null)
        {
            return null;
        }

        try
        {
            // Also where the download had ended before anybody asked: not on the task that applies.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            var stored = new ArraySegment<byte>(buffer, 0, (int)segment.Source.Size);
            if (segment.Source.Name.Compressed)
            {
                return await DecodedSegment.DecodeAsync(
                    stored, reader.Accept(SegmentTrailerCodec.ReadTail(stored), segment.Key), segment.Key, cancellationToken).ConfigureAwait(false);
            }

            var raw = new DecodedSegment(stored, Trailer: null);
            buffer = null;
            return raw;
        }
        finally
        {
            Return(buffer);
        }
    }

    // Waits for all of them: nothing of a restore goes on behind its back.
    private static async Task AbandonAsync<T>(IEnumerable<Task<T>> tasks, Action<T> dispose)
    {
        foreach (var task in tasks)
        {
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.IsCompletedSuccessfully)
            {
                dispose(await task.ConfigureAwait(false));
            }
        }
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
        {
            LargeBuffers.Return(buffer);
        }
    }
}
