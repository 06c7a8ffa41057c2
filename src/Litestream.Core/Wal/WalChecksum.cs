using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Litestream.Wal;

/// <summary>
/// The checksum of WAL headers and frames: over pairs of 32-bit words (x, y), s1 += x + s2; s2 += y + s1, modulo 2^32.
/// (https://sqlite.org/fileformat2.html#checksum_algorithm)
/// </summary>
/// <remarks>
/// Each step needs the one before, so the loop is bound by latency. But a step is linear: a pair turns (s1, s2) by the
/// matrix [[1, 1], [1, 2]], which is [[0, 1], [1, 1]] squared, the matrix of the Fibonacci numbers F. Over n words
/// w(0) … w(n-1) that gives
/// <code>
/// s1' = F(n-1) s1 + F(n) s2   + sum of F(n-1-i) w(i)
/// s2' = F(n) s1   + F(n+1) s2 + sum of F(n-i) w(i)
/// </code>
/// whose sums are dot products with fixed coefficients, in any order: as wide as the machine multiplies.
/// </remarks>
internal static class WalChecksum
{
    // One table serves chunks of up to this many words; it fits in the first-level cache beside the page.
    private const int MaxChunkWords = 1024;
    private const int VectorBytes = 32;
    private const int VectorWords = VectorBytes / sizeof(uint);

    // At [i]: F(MaxChunkWords - i), modulo 2^32; from F(MaxChunkWords) down to F(0).
    private static readonly uint[] Coefficients = DescendingFibonacci();

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

        if (Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            while (data.Length >= 2 * VectorBytes)
            {
                var chunk = data[..Math.Min(data.Length - (data.Length % VectorBytes), MaxChunkWords * sizeof(uint))];
                seed = bigEndian ? ComputeChunk<Swapped>(seed, chunk) : ComputeChunk<AsTheyAre>(seed, chunk);
                data = data[chunk.Length..];
            }
        }
        else if (Vector128.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            return ComputeVector128(seed, data, bigEndian);
        }

        return ComputeScalar(seed, data, bigEndian);
    }

    /// <summary>The same in vectors of half the width, for machines that have no wider ones: ARM64's. Low byte first.</summary>
    internal static ChainChecksum ComputeVector128(ChainChecksum seed, ReadOnlySpan<byte> data, bool bigEndian)
    {
        while (data.Length >= VectorBytes)
        {
            var chunk = data[..Math.Min(data.Length - (data.Length % VectorBytes), MaxChunkWords * sizeof(uint))];
            seed = bigEndian ? ComputeNarrowChunk<Swapped>(seed, chunk) : ComputeNarrowChunk<AsTheyAre>(seed, chunk);
            data = data[chunk.Length..];
        }

        return ComputeScalar(seed, data, bigEndian);
    }

    /// <summary>The definition, step by step.</summary>
    internal static ChainChecksum ComputeScalar(ChainChecksum seed, ReadOnlySpan<byte> data, bool bigEndian)
    {
        var (s1, s2) = (seed.Sum1, seed.Sum2);
        for (; data.Length >= 8; data = data[8..])
        {
            s1 += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(data) : BinaryPrimitives.ReadUInt32LittleEndian(data)) + s2;
            s2 += (bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(data[4..]) : BinaryPrimitives.ReadUInt32LittleEndian(data[4..])) + s1;
        }

        return new ChainChecksum(s1, s2);
    }

    // The length is a multiple of VectorBytes, and at most the table's.
    private static ChainChecksum ComputeChunk<TOrder>(ChainChecksum seed, ReadOnlySpan<byte> data)
        where TOrder : struct, IWordOrder
    {
        var words = data.Length / sizeof(uint);
        ref var word = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, uint>(data));
        var first = MaxChunkWords - words;
        ref var coefficient = ref MemoryMarshal.GetReference(Coefficients.AsSpan(first, words + 1));

        // Two of each: a multiplication takes longer than the machine needs to begin the next.
        var (sum1, sum2) = (Vector256<uint>.Zero, Vector256<uint>.Zero);
        var (sum1Odd, sum2Odd) = (Vector256<uint>.Zero, Vector256<uint>.Zero);
        nuint i = 0;
        for (; i + (2 * VectorWords) <= (nuint)words; i += 2 * VectorWords)
        {
            var even = TOrder.Arrange(Vector256.LoadUnsafe(ref word, i));
            var odd = TOrder.Arrange(Vector256.LoadUnsafe(ref word, i + VectorWords));
            sum1 += even * Vector256.LoadUnsafe(ref coefficient, i + 1);
            sum2 += even * Vector256.LoadUnsafe(ref coefficient, i);
            sum1Odd += odd * Vector256.LoadUnsafe(ref coefficient, i + VectorWords + 1);
            sum2Odd += odd * Vector256.LoadUnsafe(ref coefficient, i + VectorWords);
        }

        if (i < (nuint)words)
        {
            var last = TOrder.Arrange(Vector256.LoadUnsafe(ref word, i));
            sum1 += last * Vector256.LoadUnsafe(ref coefficient, i + 1);
            sum2 += last * Vector256.LoadUnsafe(ref coefficient, i);
        }

        var (previous, current) = (Coefficients[first + 1], Coefficients[first]);
        return new ChainChecksum(
            (previous * seed.Sum1) + (current * seed.Sum2) + Vector256.Sum(sum1 + sum1Odd),
            (current * seed.Sum1) + ((previous + current) * seed.Sum2) + Vector256.Sum(sum2 + sum2Odd));
    }

    // As above, a pair of vectors at a time.
    private static ChainChecksum ComputeNarrowChunk<TOrder>(ChainChecksum seed, ReadOnlySpan<byte> data)
        where TOrder : struct, IWordOrder
    {
        const int Half = VectorWords / 2;
        var words = data.Length / sizeof(uint);
        ref var word = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, uint>(data));
        var first = MaxChunkWords - words;
        ref var coefficient = ref MemoryMarshal.GetReference(Coefficients.AsSpan(first, words + 1));

        var (sum1, sum2) = (Vector128<uint>.Zero, Vector128<uint>.Zero);
        var (sum1Odd, sum2Odd) = (Vector128<uint>.Zero, Vector128<uint>.Zero);
        for (nuint i = 0; i < (nuint)words; i += VectorWords)
        {
            var even = TOrder.Arrange(Vector128.LoadUnsafe(ref word, i));
            var odd = TOrder.Arrange(Vector128.LoadUnsafe(ref word, i + Half));
            sum1 += even * Vector128.LoadUnsafe(ref coefficient, i + 1);
            sum2 += even * Vector128.LoadUnsafe(ref coefficient, i);
            sum1Odd += odd * Vector128.LoadUnsafe(ref coefficient, i + Half + 1);
            sum2Odd += odd * Vector128.LoadUnsafe(ref coefficient, i + Half);
        }

        var (previous, current) = (Coefficients[first + 1], Coefficients[first]);
        return new ChainChecksum(
            (previous * seed.Sum1) + (current * seed.Sum2) + Vector128.Sum(sum1 + sum1Odd),
            (current * seed.Sum1) + ((previous + current) * seed.Sum2) + Vector128.Sum(sum2 + sum2Odd));
    }

    private static uint[] DescendingFibonacci()
    {
        var numbers = new uint[MaxChunkWords + 1];
        (numbers[^1], numbers[^2]) = (0, 1);
        for (var i = numbers.Length - 3; i >= 0; i--)
        {
            numbers[i] = numbers[i + 1] + numbers[i + 2];
        }

        return numbers;
    }

    private interface IWordOrder
    {
        static abstract Vector256<uint> Arrange(Vector256<uint> words);

        static abstract Vector128<uint> Arrange(Vector128<uint> words);
    }

    private readonly struct AsTheyAre : IWordOrder
    {
        public static Vector256<uint> Arrange(Vector256<uint> words) => words;

        public static Vector128<uint> Arrange(Vector128<uint> words) => words;
    }

    private readonly struct Swapped : IWordOrder
    {
        // Long for its constant, and too slow by far as a call.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Arrange(Vector256<uint> words) => Vector256.Shuffle(
            words.AsByte(),
            Vector256.Create(
                (byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
                19, 18, 17, 16, 23, 22, 21, 20, 27, 26, 25, 24, 31, 30, 29, 28)).AsUInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<uint> Arrange(Vector128<uint> words) => Vector128.Shuffle(
            words.AsByte(), Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
    }
}
