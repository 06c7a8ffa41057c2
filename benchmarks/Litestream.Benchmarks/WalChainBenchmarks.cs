using BenchmarkDotNet.Attributes;
using Litestream.Wal;

namespace Litestream.Benchmarks;

/// <summary>All frames of a WAL, each verified by salts and checksum, as for every frame that is copied or restored.</summary>
[MemoryDiagnoser]
public class WalChainBenchmarks
{
    private byte[] _wal = [];
    private WalHeader _header;

    [Params(4096)]
    public int PageSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _wal = SampleWal.Create(PageSize, 8 << 20);
        if (!WalHeader.TryParse(_wal, out _header))
        {
            throw new InvalidOperationException("SQLite wrote a header that we do not read.");
        }
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
