using BenchmarkDotNet.Attributes;
using Litestream.Storage;

namespace Litestream.Benchmarks;

/// <summary>Eight mebibytes of WAL, the largest segment, to and from the LZ4 frame in which a replica holds it.</summary>
[MemoryDiagnoser]
public class Lz4Benchmarks
{
    private readonly MemoryStream _compressed = new();
    private byte[] _wal = [];
    private byte[] _content = [];

    [GlobalSetup]
    public void Setup()
    {
        _wal = SampleWal.Create(4096, 8 << 20);
        _content = new byte[_wal.Length];
        Encode();
    }

    /// <summary>What the same bytes cost uncompressed.</summary>
    [Benchmark(Baseline = true)]
    public int Copy()
    {
        _wal.AsSpan().CopyTo(_content);
        return _content.Length;
    }

    [Benchmark]
    public long Encode()
    {
        _compressed.SetLength(0);
        using (var encoder = Lz4Frame.OpenEncoder(_compressed, leaveOpen: true))
        {
            encoder.Write(_wal);
        }

        return _compressed.Length;
    }

    [Benchmark]
    public long Decode()
    {
        _compressed.Position = 0;
        using var decoder = Lz4Frame.OpenDecoder(_compressed, "benchmark", leaveOpen: true);
        var total = 0;
        for (int read; (read = decoder.Read(_content, total, _content.Length - total)) > 0; total += read)
        {
        }

        return total;
    }
}
