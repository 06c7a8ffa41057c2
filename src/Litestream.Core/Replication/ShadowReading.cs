using Litestream.Shadow;
using Litestream.Wal;

namespace Litestream.Replication;

/// <summary>Reads of the shadow that a worker needs in more than one place.</summary>
internal static class ShadowReading
{
    /// <summary>The chain's checksum at a place of an index: the WAL header's up to 32, else that of the frame which ends there.</summary>
    public static ChainChecksum ChecksumAt(this IShadow shadow, ShadowIndex index, long offset)
    {
        var header = index.Header ?? throw new InvalidOperationException("The index has no WAL header yet.");
        if (offset <= WalHeader.Size)
        {
            return header.Checksum;
        }

        Span<byte> bytes = stackalloc byte[WalFrameHeader.Size];
        shadow.ReadExactly(index, offset - header.FrameSize, bytes);
        return WalFrameHeader.Parse(bytes).Checksum;
    }

    /// <summary>Reads captured bytes, all that are asked for.</summary>
    /// <exception cref="IOException">The shadow does not hold them (any more).</exception>
    public static void ReadExactly(this IShadow shadow, ShadowIndex index, long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var read = shadow.Read(index.Generation, index.Index, offset, buffer);
            if (read == 0)
            {
                throw new EndOfStreamException(
                    $"The shadow of generation {index.Generation}, index {index.Index}, ends at {offset} instead of {index.Length}.");
            }

            offset += read;
            buffer = buffer[read..];
        }
    }
}
