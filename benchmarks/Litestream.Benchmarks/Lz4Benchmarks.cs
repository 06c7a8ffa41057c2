using BenchmarkDotNet.Attributes;
using Litestream.Storage;

namespace Litestream.Benchmarks;

/// <summary>Eight mebibytes of WAL, the largest segment, to and from the LZ4 frame in which a replica holds it.</summary>
[MemoryDiagnoser]
public class Lz4Benchmarks
{
    private readonly MemoryStream _compressed = new();
    private byte[] _wal = [];

    [GlobalSetup]
    public void Setup()
    {
        _wal = SampleWal.Create(4096, 8 << 20);
        Encode();
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
        var buffer = new byte[81920];
        long total = 0;
        for (int read; (read = decoder.Read(buffer)) > 0; total += read)
        {
        }

        return total;
    }
}
