using BenchmarkDotNet.Attributes;
using Litestream.Shadow;
using Litestream.Wal;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Benchmarks;

/// <summary>Frames appended to the local copy and made visible, which is not synced on the way; against a plain write of the same bytes.</summary>
[MemoryDiagnoser]
public class ShadowAppendBenchmarks
{
    private const long Wrap = 64L << 20;

    private readonly DateTimeOffset _noticedAt = DateTimeOffset.UnixEpoch.AddYears(50);
    private string _folder = "";
    private ShadowFile _shadow = null!;
    private SafeFileHandle _plain = null!;
    private WalHeader _header;
    private byte[] _frames = [];
    private long _offset;
    private long _plainOffset;

    [Params(1, 64)]
    public int Frames { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("litestream-net-bench-").FullName;
        var wal = SampleWal.Create(4096, 1 << 20);
        _header = WalHeader.TryParse(wal, out var header) ? header : throw new InvalidOperationException("SQLite wrote a header that we do not read.");
        _frames = wal[WalHeader.Size..(WalHeader.Size + (Frames * _header.FrameSize))];
        _shadow = new ShadowFile(Path.Combine(_folder, "00000000.wal"), "0123456789abcdef", 0);
        _plain = File.OpenHandle(Path.Combine(_folder, "plain"), FileMode.Create, FileAccess.Write);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _shadow.Dispose();
        _plain.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public void PlainWrite()
    {
        RandomAccess.Write(_plain, _frames, _plainOffset);
        _plainOffset = (_plainOffset + _frames.Length) % Wrap;
    }

    [Benchmark]
    public void Append()
    {
        _shadow.Write(_offset, _frames);
        _offset = (_offset + _frames.Length) % Wrap;
        _shadow.Publish(_header, _offset, _noticedAt);
    }
}
