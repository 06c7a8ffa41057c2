using BenchmarkDotNet.Attributes;
using Litestream.Replication;
using Litestream.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Benchmarks;

/// <summary>From the local copy to the replica: read, verified, hashed, compressed, written; all of a WAL in one segment.</summary>
[MemoryDiagnoser]
public class SegmentUploadBenchmarks
{
    private CapturedSample _sample = null!;
    private SegmentUploader _toMemory = null!;
    private SegmentUploader _toFolder = null!;
    private string _folder = "";

    /// <summary>A few commits, and the usual size of a segment.</summary>
    [Params(16, 8192)]
    public int KiB { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _sample = new CapturedSample(KiB * 1024);
        _folder = Path.Combine(_sample.Folder, "replica");
        _toMemory = Uploader(new DiscardingReplica());
        _toFolder = Uploader(new FileReplicaClient(_folder));
    }

    [GlobalCleanup]
    public void Cleanup() => _sample.Dispose();

    [Benchmark(Baseline = true)]
    public async Task<bool> ToMemory() => await _toMemory.StepAsync(_sample.Start, CancellationToken.None) is SegmentStep.Moved;

    /// <summary>With all syncs; the object is deleted again, without any.</summary>
    [Benchmark]
    public async Task<bool> ToFolder()
    {
        var moved = await _toFolder.StepAsync(_sample.Start, CancellationToken.None) is SegmentStep.Moved;
        File.Delete(Path.Combine(_folder, ReplicaLayout.SegmentKey(_sample.Start.Generation, _sample.Start.Index, 0)));
        return moved;
    }

    private SegmentUploader Uploader(IReplicaClient client)
    {
        var store = new ReplicaStore(client, "app", "replica", TimeProvider.System, new Random(1));
        return new SegmentUploader(_sample, store, new SegmentComparer(store, _sample.Shadow), "replica", NullLogger.Instance);
    }
}
