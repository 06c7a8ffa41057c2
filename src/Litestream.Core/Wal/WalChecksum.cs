using System.Buffers.Binary;

namespace Litestream.Wal;

/// <summary>
/// The checksum of WAL headers and frames: over pairs of 32-bit words (x, y), s1 += x + s2; s2 += y + s1, modulo 2^32.
/// (https://sqlite.org/fileformat2.html#checksum_algorithm)
/// </summary>
internal static class WalChecksum
{
    /// <summary>Continues the checksum over <paramref name="data"/>, whose length must be a multiple of 8.</summary>
    /// <param name="seed">The checksum so far.</param>
    /// <param name="data">The bytes to take in.</param>
    /// <param name="bigEndian">The byte order in which the words are read; the WAL header's magic says it.</param>
    public static ChainChecksum Compute(ChainChecksum seed, ReadOnlySpan<byte> data, bool bigEndian)
    {
        if (data.Length % 8 != 0)
        {
            throw new ArgumentException("The length must be a multiple of 8.", nameof(data));
        }

        var (s1, s2) = (seed.Sum1, seed.Sum2);
        for (; data.Length >= 8; data = data[8..])
        {
            s1 += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(data) : BinaryPrimitives.ReadUInt32LittleEndian(data)) + s2;
            s2 += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(data[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(data[4..])) + s1;
        }

        return new ChainChecksum(s1, s2);
    }
}
