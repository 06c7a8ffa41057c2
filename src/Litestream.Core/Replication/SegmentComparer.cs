using Litestream.Shadow;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>
/// Compares a segment on the replica with the shadow, byte by byte. Lengths alone prove nothing: after a power cut both
/// may be plausible and belong to different histories (docs/FORMAT.md, H8).
/// </summary>
internal sealed class SegmentComparer(ReplicaStore store, IShadow shadow)
{
    private const int ChunkBytes = 128 * 1024;

    /// <summary>Downloads a segment and compares its content from <paramref name="offset"/> on.</summary>
    /// <param name="key">The key of the segment.</param>
    /// <param name="index">The index it belongs to, as the shadow keeps it.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="expectedBytes">About how much is downloaded.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ReplicaException">The object could not be read.</exception>
    /// <exception cref="IOException">The shadow could not be read.</exception>
    public async Task<Finding> CompareAsync(
        string key,
        ShadowIndex index,
        long offset,
        long expectedBytes,
        CancellationToken cancellationToken)
    {
        try
        {
            var finding = await store.ReadAsync(
                key,
                expectedBytes,
                (stream, token) => CompareAsync(stream, key, index, offset, token),
                cancellationToken).ConfigureAwait(false);
            return finding.ShadowFailure is { } failure
                ? throw new IOException($"The local copy that '{key}' is to be compared with could not be read: {failure.Message}", failure)
                : finding;
        }
        catch (ReplicaObjectNotFoundException exception)
        {
            // It was there a moment ago.
            throw new ReplicaException($"'{key}' vanished from {store.Description}.", exception, isTransient: true);
        }
        catch (ReplicaCorruptedException exception)
        {
            return new Finding(offset, null, $"is damaged ({exception.Message})", IsDamaged: true);
        }
    }

    private async Task<Finding> CompareAsync(
        Stream stream,
        string key,
        ShadowIndex index,
        long offset,
        CancellationToken cancellationToken)
    {
        var theirs = LargeBuffers.Rent(ChunkBytes);
        var ours = LargeBuffers.Rent(ChunkBytes);
        try
        {
            var decoder = Lz4Frame.OpenDecoder(stream, key, leaveOpen: true);
            await using (decoder.ConfigureAwait(false))
            {
                var end = offset;
                while (await decoder.ReadAsync(theirs.AsMemory(0, ChunkBytes), cancellationToken).ConfigureAwait(false) is var read and > 0)
                {
                    if (end + read > index.Length)
                    {
                        return new Finding(end, null, $"reaches past {index.Length}, the end of what was captured here");
                    }

                    try
                    {
                        shadow.ReadExactly(index, end, ours.AsSpan(0, read));
                    }
                    catch (IOException exception)
                    {
                        // Not the replica's fault, and not to be tried again like one.
                        return new Finding(end, null, null, ShadowFailure: exception);
                    }

                    if (!ours.AsSpan(0, read).SequenceEqual(theirs.AsSpan(0, read)))
                    {
                        return new Finding(end, null, $"holds other bytes than were captured here, from offset {end} on");
                    }

                    end += read;
                }

                if (!WalFormat.IsBoundary(end, index.Header!.Value.PageSize))
                {
                    return new Finding(end, null, $"ends at {end}, in the middle of a frame");
                }

                return new Finding(end, await ReadTrailerAsync(stream, cancellationToken).ConfigureAwait(false), null);
            }
        }
        finally
        {
            LargeBuffers.Return(theirs);
            LargeBuffers.Return(ours);
        }
    }

    /// <summary>Reads what follows the frame, where the decoder has left the stream.</summary>
    private static async Task<SegmentTrailer?> ReadTrailerAsync(Stream stream, CancellationToken cancellationToken)
    {
        var buffer = LargeBuffers.Rent(TrailerFrame.MaxLength);
        try
        {
            var read = await stream.ReadAtLeastAsync(
                buffer.AsMemory(0, TrailerFrame.MaxLength),
                TrailerFrame.MaxLength,
                throwOnEndOfStream: false,
                cancellationToken).ConfigureAwait(false);
            return SegmentTrailerCodec.ReadTail(buffer.AsSpan(0, read)).Trailer;
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }

    /// <summary>What a comparison found.</summary>
    /// <param name="EndOffset">Where the segment ends, if it is equal.</param>
    /// <param name="Trailer">Its trailer, if it is equal and has one that is understood.</param>
    /// <param name="Difference">How it differs, in words; null if it is equal.</param>
    /// <param name="IsDamaged">True if it cannot be read at all.</param>
    /// <param name="ShadowFailure">Set if the shadow could not be read; then nothing was found out.</param>
    internal sealed record Finding(
        long EndOffset,
        SegmentTrailer? Trailer,
        string? Difference,
        bool IsDamaged = false,
        IOException? ShadowFailure = null);
}
