using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace Litestream.Diagnostics;

/// <summary>
/// Every instrument of this library, made once for a host: names, units and attributes are the table of docs/telemetry.md,
/// which a test compares with this file. Thread-safe.
/// </summary>
internal sealed class LitestreamMetrics : IDisposable
{
    public const string DatabaseName = "litestream.database.name";
    public const string ReplicaName = "litestream.replica.name";
    public const string ReplicaType = "litestream.replica.type";
    public const string OperationName = "litestream.operation.name";
    public const string CheckpointOutcome = "litestream.checkpoint.outcome";
    public const string GenerationReason = "litestream.generation.reason";
    public const string IoDirection = "network.io.direction";
    public const string ErrorType = "error.type";

    // Advice only; whoever exports may choose others. Seconds.
    private static readonly InstrumentAdvice<double> OfLocalWork = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    };

    private static readonly InstrumentAdvice<double> OfRequests = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    };

    private static readonly InstrumentAdvice<double> OfWholeDatabases = new()
    {
        HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200],
    };

    private readonly Meter? _own;
    private ImmutableArray<DatabaseTelemetry> _observed = [];

    /// <param name="factory">The application's, which owns the meter and lets tests and exporters tell hosts apart; null for a meter of our own.</param>
    public LitestreamMetrics(IMeterFactory? factory)
    {
        var options = new MeterOptions(LitestreamDiagnostics.MeterName) { Version = LitestreamActivities.Version };
        var meter = factory?.Create(options) ?? (_own = new Meter(options));
        SyncDuration = meter.CreateHistogram(
            "litestream.sync.duration", "s", "Duration of passes that captured something of the WAL, or failed.", tags: null, OfLocalWork);
        WalCopied = meter.CreateCounter<long>("litestream.wal.copied", "By", "Bytes of WAL captured.");
        CheckpointDuration = meter.CreateHistogram(
            "litestream.checkpoint.duration", "s", "Duration of checkpoints.", tags: null, OfLocalWork);
        CheckpointLockDuration = meter.CreateHistogram(
            "litestream.checkpoint.lock.duration", "s", "How long a checkpoint held the write lock.", tags: null, OfLocalWork);
        Generations = meter.CreateCounter<long>("litestream.generations", "{generation}", "Generations started, by reason.");
        OperationDuration = meter.CreateHistogram(
            "litestream.replica.operation.duration", "s", "Time spent waiting for the store of a replica, by operation.", tags: null, OfRequests);
        WalUploaded = meter.CreateCounter<long>("litestream.replica.wal", "By", "Bytes of WAL that a replica has taken, before compression.");
        Io = meter.CreateCounter<long>("litestream.replica.io", "By", "Bytes written to and read from replicas.");
        SnapshotDuration = meter.CreateHistogram(
            "litestream.snapshot.duration", "s", "Duration of snapshots, from the image of the database to the end of the upload.", tags: null, OfWholeDatabases);
        RestoreDuration = meter.CreateHistogram(
            "litestream.restore.duration", "s", "Duration of restores.", tags: null, OfWholeDatabases);
        VerificationDuration = meter.CreateHistogram(
            "litestream.verification.duration", "s", "Duration of verifications, of which a difference is an error.", tags: null, OfWholeDatabases);
        meter.CreateObservableUpDownCounter("litestream.database.size", ObserveDatabases, "By", "Size of the database file.");
        meter.CreateObservableUpDownCounter("litestream.wal.size", ObserveWals, "By", "Size of the WAL up to its last commit, as last seen.");
        meter.CreateObservableUpDownCounter("litestream.shadow.size", ObserveShadows, "By", "Size of the local copy of WAL that replicas still lack.");
        meter.CreateObservableGauge(
            "litestream.replica.lag", ObserveLags, "s", "Age of the oldest commit that a replica lacks, computed when read; 0 when it lacks none.");
    }

    public Histogram<double> SyncDuration { get; }

    public Counter<long> WalCopied { get; }

    public Histogram<double> CheckpointDuration { get; }

    public Histogram<double> CheckpointLockDuration { get; }

    public Counter<long> Generations { get; }

    public Histogram<double> OperationDuration { get; }

    public Counter<long> WalUploaded { get; }

    public Counter<long> Io { get; }

    public Histogram<double> SnapshotDuration { get; }

    public Histogram<double> RestoreDuration { get; }

    public Histogram<double> VerificationDuration { get; }

    /// <summary>From now on the gauges include this database.</summary>
    public void Observe(DatabaseTelemetry database) => ImmutableInterlocked.Update(ref _observed, static (all, one) => all.Add(one), database);

    /// <summary>From now on they do not.</summary>
    public void Forget(DatabaseTelemetry database) => ImmutableInterlocked.Update(ref _observed, static (all, one) => all.Remove(one), database);

    /// <summary>Ends a meter of our own; the factory ends its own.</summary>
    public void Dispose() => _own?.Dispose();

    private IEnumerable<Measurement<long>> ObserveDatabases()
    {
        foreach (var database in _observed)
        {
            if (database.FileSize() is { } size)
            {
                yield return new Measurement<long>(size, database.NameTag);
            }
        }
    }

    private IEnumerable<Measurement<long>> ObserveWals() =>
        _observed.Select(database => new Measurement<long>(database.Status().WalSize, database.NameTag));

    private IEnumerable<Measurement<long>> ObserveShadows() =>
        _observed.Select(database => new Measurement<long>(database.Status().ShadowSize, database.NameTag));

    private IEnumerable<Measurement<double>> ObserveLags()
    {
        foreach (var database in _observed)
        {
            var status = database.Status();
            if (status.State == ReplicationState.WaitingForOtherProcess)
            {
                // That one reports it; ours would be a zero that means nothing.
                continue;
            }

            foreach (var replica in status.Replicas)
            {
                yield return new Measurement<double>(
                    replica.Lag.TotalSeconds, database.NameTag, new KeyValuePair<string, object?>(ReplicaName, replica.Name));
            }
        }
    }
}
