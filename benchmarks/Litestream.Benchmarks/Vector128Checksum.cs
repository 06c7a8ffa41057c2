using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Litestream.Wal;

namespace Litestream.Benchmarks;

/// <summary>
/// The checksum's dot product (WalChecksum) in 128 bits, as a processor without 256 would compute it: to see whether it is
/// worth having beside the plain loop.
/// </summary>
internal static class Vector128Checksum
{
    private const int MaxWords = 1024;

    private static readonly uint[] Coefficients = Make();

    /// <summary>Data of a multiple of 32 bytes.</summary>
    public static ChainChecksum Compute(ReadOnlySpan<byte> data)
    {
        var seed = default(ChainChecksum);
        for (; data.Length > 0; data = data[Math.Min(data.Length, MaxWords * sizeof(uint))..])
        {
            seed = Chunk(seed, MemoryMarshal.Cast<byte, uint>(data[..Math.Min(data.Length, MaxWords * sizeof(uint))]));
        }

        return seed;
    }

    private static ChainChecksum Chunk(ChainChecksum seed, ReadOnlySpan<uint> words)
    {
        var first = MaxWords - words.Length;
        ref var word = ref MemoryMarshal.GetReference(words);
        ref var coefficient = ref MemoryMarshal.GetReference(Coefficients.AsSpan(first));
        var (a1, a2, b1, b2) = (Vector128<uint>.Zero, Vector128<uint>.Zero, Vector128<uint>.Zero, Vector128<uint>.Zero);
        for (nuint i = 0; i < (nuint)words.Length; i += 8)
        {
            var (even, odd) = (Vector128.LoadUnsafe(ref word, i), Vector128.LoadUnsafe(ref word, i + 4));
            a1 += even * Vector128.LoadUnsafe(ref coefficient, i + 1);
            a2 += even * Vector128.LoadUnsafe(ref coefficient, i);
            b1 += odd * Vector128.LoadUnsafe(ref coefficient, i + 5);
            b2 += odd * Vector128.LoadUnsafe(ref coefficient, i + 4);
        }

        var (previous, current) = (Coefficients[first + 1], Coefficients[first]);
        return new ChainChecksum(
            (previous * seed.Sum1) + (current * seed.Sum2) + Vector128.Sum(a1 + b1),
            (current * seed.Sum1) + ((previous + current) * seed.Sum2) + Vector128.Sum(a2 + b2));
    }

    private static uint[] Make()
    {
        var numbers = new uint[MaxWords + 1];
        (numbers[^1], numbers[^2]) = (0, 1);
        for (var i = numbers.Length - 3; i >= 0; i--)
        {
            numbers[i] = numbers[i + 1] + numbers[i + 2];
        }

        return numbers;
    }
}
