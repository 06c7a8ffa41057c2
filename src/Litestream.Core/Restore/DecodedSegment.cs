using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>A segment that was decompressed and proven ahead of its turn, in pooled memory.</summary>
/// <param name="Raw">Its raw bytes.</param>
/// <param name="Trailer">What it says of itself; null if nothing.</param>
internal sealed record DecodedSegment(ArraySegment<byte> Raw, SegmentTrailer? Trailer) : IDisposable
{
    /// <summary>What holds more is decompressed when its turn comes. Segments of ours hold 8 MiB, and more when catching up.</summary>
    public const int LargestRaw = 16 * 1024 * 1024;

    // Where nothing tells the length. LZ4 rarely makes a WAL smaller than that.
    private const int UsualRatio = 4;

    // One compressed byte never stands for more.
    private const int HighestRatio = 255;

    /// <summary>Decompresses a segment.</summary>
    /// <param name="stored">The object.</param>
    /// <param name="trailer">Its trailer; null if it has none.</param>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null if it holds too much.</returns>
    /// <exception cref="ReplicaCorruptedException">It is damaged, or not what was written.</exception>
    public static async Task<DecodedSegment?> DecodeAsync(
        ArraySegment<byte> stored, SegmentTrailer? trailer, string key, CancellationToken cancellationToken)
    {
        // What it claims is bounded by what it can hold; and one byte more than there may be, to see that there is none.
        var length = trailer is null ? Math.Max(64 * 1024L, (long)UsualRatio * stored.Count) : Math.Min(trailer.RawLength, (long)HighestRatio * stored.Count);
        if (length >= LargestRaw)
        {
            return null;
        }

        var raw = LargeBuffers.Rent((int)length + 1);
        try
        {
            using var source = new MemoryStream(stored.Array!, stored.Offset, stored.Count, writable: false);
            using var decoder = Lz4Frame.OpenDecoder(source, key, leaveOpen: true, verified: trailer is not null);
            var count = 0;
            for (int read; (read = decoder.Read(raw, count, raw.Length - count)) > 0;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                count += read;
                if (count == raw.Length)
                {
                    if (trailer is not null || raw.Length >= LargestRaw)
                    {
                        break;
                    }

                    var larger = LargeBuffers.Rent(raw.Length * 2);
                    raw.AsSpan().CopyTo(larger);
                    LargeBuffers.Return(raw);
                    raw = larger;
                }
            }

            if (trailer is not null && (count != trailer.RawLength || !SHA256.HashData(raw.AsSpan(0, count)).AsSpan().SequenceEqual(trailer.RawHash.Span)))
            {
                throw new ReplicaCorruptedException($"The object '{key}' does not hold what was written to it.", key);
            }

            if (count == raw.Length)
            {
                LargeBuffers.Return(raw);
                return null;
            }

            if (trailer is null)
            {
                await ObjectTail.VerifyAsync(source, key, cancellationToken).ConfigureAwait(false);
            }

            return new DecodedSegment(new ArraySegment<byte>(raw, 0, count), trailer);
        }
        catch
        {
            LargeBuffers.Return(raw);
            throw;
        }
    }

    public void Dispose() => LargeBuffers.Return(Raw.Array!);
}
