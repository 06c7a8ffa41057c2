using BenchmarkDotNet.Attributes;
using Litestream.Wal;

namespace Litestream.Benchmarks;

/// <summary>All frames of a WAL, each verified by salts and checksum, as for every frame that is copied or restored.</summary>
[MemoryDiagnoser]
public class WalChainBenchmarks
{
    private byte[] _wal = [];
    private byte[] _shadow = [];
    private WalHeader _header;

    [Params(4096)]
    public int PageSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _wal = SampleWal.Create(PageSize, 8 << 20);
        _shadow = new byte[_wal.Length];
        if (!WalHeader.TryParse(_wal, out _header))
        {
            throw new InvalidOperationException("SQLite wrote a header that we do not read.");
        }
    }

    /// <summary>What a copy costs that trusts its source.</summary>
    [Benchmark(Baseline = true)]
    public int Copy()
    {
        _wal.AsSpan().CopyTo(_shadow);
        return _shadow.Length;
    }

    /// <summary>As a WAL gets into its local copy, but for the two calls of the operating system.</summary>
    [Benchmark]
    public int VerifyAndCopy()
    {
        var frames = Verify();
        _wal.AsSpan().CopyTo(_shadow);
        return frames;
    }

    [Benchmark]
    public int Verify()
    {
        var chain = new WalChain(_header);
        var frames = 0;
        for (var offset = WalHeader.Size; offset < _wal.Length; offset += _header.FrameSize)
        {
            if (chain.Append(_wal.AsSpan(offset, _header.FrameSize), out _) != WalFrameState.Valid)
            {
                throw new InvalidOperationException("SQLite wrote a frame that we call invalid.");
            }

            frames++;
        }

        return frames;
    }
}
