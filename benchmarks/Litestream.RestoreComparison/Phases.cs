using System.Diagnostics;
using System.Globalization;

namespace Litestream.RestoreComparison;

/// <summary>When the snapshot and the WAL were through, by the restore's own progress; and what it cost the processors.</summary>
internal sealed class Phases : IProgress<RestoreProgress>
{
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private readonly TimeSpan _processor = Process.GetCurrentProcess().TotalProcessorTime;
    private double _snapshot;
    private double _wal;

    public void Report(RestoreProgress value)
    {
        var now = Stopwatch.GetElapsedTime(_startedAt).TotalSeconds;
        _snapshot = value.ObjectsDone == 0 ? now : _snapshot;
        _wal = now;
    }

    public string Describe(double elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"snapshot {_snapshot:0.00} s, WAL {_wal - _snapshot:0.00} s, disk and check {elapsed - _wal:0.00} s; processors {(Process.GetCurrentProcess().TotalProcessorTime - _processor).TotalSeconds:0.00} s");
}
