using BenchmarkDotNet.Attributes;
using Litestream.Restore;
using Litestream.Wal;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Benchmarks;

/// <summary>Eight mebibytes of WAL verified and written to their pages, as a restore does; against the same bytes written in one piece.</summary>
[MemoryDiagnoser]
public class PageApplicationBenchmarks
{
    private string _folder = "";
    private SafeFileHandle _file = null!;
    private byte[] _wal = [];

    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("litestream-net-bench-").FullName;
        _wal = SampleWal.Create(4096, 8 << 20);
        _file = File.OpenHandle(Path.Combine(_folder, "app.db"), FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.Write(_file, new byte[4096], 0);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public void PlainWrite() => RandomAccess.Write(_file, _wal, 0);

    [Benchmark]
    public long Apply()
    {
        using var pages = new PageApplier(_file, Path.Combine(_folder, "scratch"));
        pages.BeginIndex(0);
        pages.AppendHeader(_wal.AsSpan(0, WalHeader.Size), "benchmark");
        var frames = _wal.AsMemory(WalHeader.Size);
        pages.Append(frames[..(frames.Length / pages.Header.FrameSize * pages.Header.FrameSize)], "benchmark");
        pages.EndIndex("benchmark");
        return pages.CommittedOffset;
    }
}
