using System.Diagnostics;
using BenchmarkDotNet.Attributes;
using Litestream.Replication;

namespace Litestream.Benchmarks;

/// <summary>What a database at rest costs: the watcher's look, and a whole pass that finds nothing, as the clock brings about now and then.</summary>
[MemoryDiagnoser]
public class IdleBenchmarks
{
    private CapturedSample _sample = null!;
    private WatchedWal _watched = null!;
    private WalWatcher _watcher = null!;

    [GlobalSetup]
    public void Setup()
    {
        _sample = new CapturedSample(64 * 1024);
        _sample.Sync.RunOnce();
        _watcher = new WalWatcher(TimeSpan.FromSeconds(1));
        _watched = new WatchedWal(_watcher, _sample.Sync.WalIndexPointer, TimeSpan.FromMilliseconds(50), static () => { });
        _watched.Look(Stopwatch.GetTimestamp());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _watcher.Dispose();
        _sample.Dispose();
    }

    [Benchmark(Baseline = true)]
    public bool Look() => _watched.Look(Stopwatch.GetTimestamp());

    [Benchmark]
    public bool Pass() => _sample.Sync.RunOnce().Moved;
}
