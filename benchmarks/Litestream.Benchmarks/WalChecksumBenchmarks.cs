using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Litestream.Wal;

namespace Litestream.Benchmarks;

/// <summary>
/// The checksum of one page: the plain loop that its definition is, ours, and a copy of the same bytes, below which
/// nothing can come that has to touch them.
/// </summary>
[MemoryDiagnoser]
public class WalChecksumBenchmarks
{
    private byte[] _page = [];
    private byte[] _copy = [];

    [Params(4096, 65536)]
    public int PageSize { get; set; }

    [GlobalSetup]
    public unsafe void Setup()
    {
        _page = new byte[PageSize];
        _copy = new byte[PageSize];
        new Random(1).NextBytes(_page);
        var expected = WalChecksum.ComputeScalar(default, _page, bigEndian: false);
        if (WalChecksum.ComputeVector128(default, _page, bigEndian: false) != expected || (CCompiler.Checksum is not null && CLoop() != (expected.Sum1 ^ expected.Sum2)))
        {
            throw new InvalidOperationException("They compute different things.");
        }
    }

    [Benchmark(Baseline = true)]
    public uint Scalar() => PlainLoop(_page);

    /// <summary>The same loop in C, at -O3 for this processor; left out without a compiler.</summary>
    [Benchmark]
    public unsafe uint CLoop()
    {
        fixed (byte* page = _page)
        {
            return CCompiler.Checksum((uint*)page, (nuint)_page.Length / sizeof(uint));
        }
    }

    [Benchmark]
    public uint ScalarBigEndian() => WalChecksum.ComputeScalar(default, _page, bigEndian: true).Sum2;

    /// <summary>As a processor without vectors of 256 bits computes it, ARM64 for one.</summary>
    [Benchmark]
    public uint In128Bits() => WalChecksum.ComputeVector128(default, _page, bigEndian: false).Sum2;

    [Benchmark]
    public uint Checksum() => WalChecksum.Compute(default, _page, bigEndian: false).Sum2;

    [Benchmark]
    public uint ChecksumBigEndian() => WalChecksum.Compute(default, _page, bigEndian: true).Sum2;

    [Benchmark]
    public byte Copy()
    {
        _page.AsSpan().CopyTo(_copy);
        return _copy[^1];
    }

    /// <summary>The loop that a C compiler makes of the definition, without bounds checks.</summary>
    private static uint PlainLoop(byte[] data)
    {
        uint s1 = 0, s2 = 0;
        ref var start = ref Unsafe.As<byte, uint>(ref MemoryMarshal.GetArrayDataReference(data));
        for (nuint i = 0, end = (nuint)data.Length / sizeof(uint); i < end; i += 2)
        {
            s1 += Unsafe.Add(ref start, i) + s2;
            s2 += Unsafe.Add(ref start, i + 1) + s1;
        }

        return s2;
    }
}
