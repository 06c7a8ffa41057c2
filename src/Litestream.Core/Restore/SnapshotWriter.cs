using System.Security.Cryptography;
using Litestream.Storage;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Restore;

/// <summary>Writes a snapshot's image to a file and proves it, as far as it says anything of itself.</summary>
internal static class SnapshotWriter
{
    private const int SmallestPage = 512;

    // Linux caches a file in pieces as large as the writes that made it, and a page that is changed in a piece of 1 MiB costs
    // it 22 µs, in one of 32 KiB 3 µs: with WAL to apply that is most of a restore.
    private const int SmallWrite = 32 * 1024;

    /// <summary>Writes the image.</summary>
    /// <param name="source">The object.</param>
    /// <param name="snapshot">Which it is.</param>
    /// <param name="trailer">What it says of itself; null if nothing.</param>
    /// <param name="file">Where to.</param>
    /// <param name="changes">True if pages will be written over it.</param>
    /// <param name="tick">Called now and then.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ReplicaCorruptedException">The object is damaged, or not what was written.</exception>
    public static async Task WriteAsync(
        Stream source, CatalogSnapshot snapshot, SnapshotTrailer? trailer, SafeFileHandle file, bool changes, Action tick,
        CancellationToken cancellationToken)
    {
        var content = snapshot.Name.Compressed
            ? Lz4Frame.OpenDecoder(source, snapshot.Key, leaveOpen: true, verified: trailer is not null)
            : source;
        await using var owned = content.ConfigureAwait(false);
        using var hash = trailer is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long size = 0;
        await BlockPipeline.RunAsync(content, cancellationToken, block => hash?.AppendData(block.Span), Write).ConfigureAwait(false);

        if (trailer is null && snapshot.Name.Compressed)
        {
            await ObjectTail.VerifyAsync(source, snapshot.Key, cancellationToken).ConfigureAwait(false);
        }

        if (size == 0 || size % SmallestPage != 0)
        {
            throw new ReplicaCorruptedException($"The snapshot '{snapshot.Key}' holds {size} bytes, which is no number of whole pages.", snapshot.Key);
        }

        if (trailer is not null && (trailer.DatabaseSize != size || !hash!.GetHashAndReset().AsSpan().SequenceEqual(trailer.RawHash.Span)))
        {
            throw new ReplicaCorruptedException($"The snapshot '{snapshot.Key}' does not hold what was written to it.", snapshot.Key);
        }

        void Write(ReadOnlyMemory<byte> block)
        {
            if (size + block.Length > (trailer?.DatabaseSize ?? long.MaxValue))
            {
                throw new ReplicaCorruptedException(
                    $"The snapshot '{snapshot.Key}' holds more than the {trailer!.DatabaseSize} bytes that were written to it.", snapshot.Key);
            }

            var most = changes ? SmallWrite : block.Length;
            for (var rest = block; !rest.IsEmpty; rest = rest[Math.Min(most, rest.Length)..])
            {
                RandomAccess.Write(file, rest.Span[..Math.Min(most, rest.Length)], size);
                size += Math.Min(most, rest.Length);
            }

            tick();
        }
    }
}
