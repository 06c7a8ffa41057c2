using System.Buffers;
using System.Runtime.CompilerServices;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// Fetches segments side by side and hands them out in order. What is fetched ahead is bounded in number and in bytes; an
/// object too large for that is read when its turn comes, through a stream.
/// </summary>
internal sealed class SegmentDownloader(ReplicaReader reader, int parallelism, Action<int> onRead)
{
    // Stored sizes. Segments of ours hold at most 8 MiB of WAL, so that nearly all are smaller than this.
    private const long LargestFetched = 4 * 1024 * 1024;
    private const long MostFetchedAhead = 16 * 1024 * 1024;

    /// <exception cref="ReplicaObjectNotFoundException">An object of the plan is gone.</exception>
    public async IAsyncEnumerable<DownloadedSegment> DownloadAsync(
        IReadOnlyList<PlannedSegment> segments, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<byte[]?>>();
        var (next, aheadBytes) = (0, 0L);
        try
        {
            foreach (var segment in segments)
            {
                while (next < segments.Count && ahead.Count < parallelism
                    && (ahead.Count == 0 || aheadBytes + FetchedSize(segments[next]) <= MostFetchedAhead))
                {
                    aheadBytes += FetchedSize(segments[next]);
                    ahead.Enqueue(FetchAsync(segments[next++].Source.Object, stop.Token));
                }

                // It stays in the queue while it is waited for: a failure is abandoned with the others.
                var buffer = await ahead.First().ConfigureAwait(false);
                _ = ahead.Dequeue();
                aheadBytes -= FetchedSize(segment);
                try
                {
                    var stream = buffer is null
                        ? reader.Open(segment.Source.Object, onRead)
                        : new MemoryStream(buffer, 0, (int)segment.Source.Size, writable: false);
                    await using var ownedStream = stream.ConfigureAwait(false);
                    var trailer = await ReadTrailerAsync(segment, buffer, cancellationToken).ConfigureAwait(false);
                    var content = segment.Source.Name.Compressed ? Lz4Frame.OpenDecoder(stream, segment.Key, leaveOpen: true) : stream;
                    await using var ownedContent = content.ConfigureAwait(false);
                    yield return new DownloadedSegment(segment, content, trailer);
                    if (trailer is null && segment.Source.Name.Compressed)
                    {
                        await ObjectTail.VerifyAsync(stream, segment.Key, cancellationToken).ConfigureAwait(false);
                    }
                }
                finally
                {
                    Return(buffer);
                }
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await AbandonAsync(ahead).ConfigureAwait(false);
        }
    }

    private static long FetchedSize(PlannedSegment segment) => segment.Source.Size <= LargestFetched ? segment.Source.Size : 0;

    private async Task<byte[]?> FetchAsync(ReplicaObject source, CancellationToken cancellationToken)
    {
        if (source.Size > LargestFetched)
        {
            return null;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)source.Size);
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

    private async Task<SegmentTrailer?> ReadTrailerAsync(PlannedSegment segment, byte[]? buffer, CancellationToken cancellationToken)
    {
        if (buffer is null || !segment.Source.Name.Compressed)
        {
            return await reader.ReadSegmentAsync(segment.Source, cancellationToken).ConfigureAwait(false);
        }

        return reader.Accept(SegmentTrailerCodec.ReadTail(buffer.AsSpan(0, (int)segment.Source.Size)), segment.Key);
    }

    // Waits for all of them: nothing of a restore goes on behind its back.
    private static async Task AbandonAsync(Queue<Task<byte[]?>> tasks)
    {
        foreach (var task in tasks)
        {
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (task.IsCompletedSuccessfully)
            {
                Return(await task.ConfigureAwait(false));
            }
        }
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
