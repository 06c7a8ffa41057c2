using BenchmarkDotNet.Attributes;
using Litestream.Replication;

namespace Litestream.Benchmarks;

/// <summary>From a commit to the moment at which the watcher's thread has told of it; against the commit alone.</summary>
[MemoryDiagnoser]
public class WakeUpBenchmarks
{
    private readonly AutoResetEvent _told = new(false);
    private CapturedSample _sample = null!;
    private WalWatcher _watcher = null!;
    private IDisposable _registration = null!;

    [GlobalSetup]
    public void Setup()
    {
        _sample = new CapturedSample(64 * 1024);
        _watcher = new WalWatcher(TimeSpan.FromSeconds(1));
        _registration = _watcher.Watch(_sample.Sync.WalIndexPointer, TimeSpan.FromMilliseconds(50), () => _told.Set());
        _told.WaitOne();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _registration.Dispose();
        _watcher.Dispose();
        _sample.Dispose();
        _told.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Commit() => _sample.Commit();

    [Benchmark]
    public bool CommitUntilNoticed()
    {
        _told.Reset();
        _sample.Commit();
        return _told.WaitOne(TimeSpan.FromSeconds(10));
    }
}
