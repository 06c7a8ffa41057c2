using System.Diagnostics.Metrics;
using Litestream.Diagnostics;
using Prometheus;

namespace Litestream.Cli.Service;

/// <summary>Litestream's metrics, filled from the library's instruments and states. Labelled with the path of the database, as there.</summary>
internal sealed class LitestreamCounters : IDisposable
{
    // The one kind of checkpoint that is made.
    private const string Mode = "PASSIVE";

    private readonly MeterListener _listener = new();
    private readonly Gauge _databaseSize;
    private readonly Gauge _walSize;
    private readonly Gauge _shadowIndex;
    private readonly Gauge _shadowSize;
    private readonly Counter _walBytes;
    private readonly Counter _syncs;
    private readonly Counter _syncErrors;
    private readonly Counter _syncSeconds;
    private readonly Counter _checkpoints;
    private readonly Counter _checkpointErrors;
    private readonly Counter _checkpointSeconds;
    private readonly Counter _replicaWalBytes;
    private readonly Gauge _replicaIndex;
    private readonly Gauge _replicaOffset;
    private readonly Gauge _replicaLag;
    private readonly Gauge _replicaUp;
    private readonly Counter _validations;
    private readonly Counter _operations;
    private readonly Counter _operationBytes;
    private Replication? _replication;

    public LitestreamCounters(IMetricFactory metrics)
    {
        string[] db = ["db"];
        string[] replica = ["db", "name"];
        _databaseSize = metrics.CreateGauge("litestream_db_size", "The current size of the real DB", db);
        _walSize = metrics.CreateGauge("litestream_wal_size", "The current size of the real WAL", db);
        _shadowIndex = metrics.CreateGauge("litestream_shadow_wal_index", "The current index of the shadow WAL", db);
        _shadowSize = metrics.CreateGauge("litestream_shadow_wal_size", "Current size of shadow WAL, in bytes", db);
        _walBytes = metrics.CreateCounter("litestream_total_wal_bytes", "Total number of bytes written to shadow WAL", db);
        _syncs = metrics.CreateCounter("litestream_sync_count", "Number of sync operations that found something", db);
        _syncErrors = metrics.CreateCounter("litestream_sync_error_count", "Number of sync errors that have occurred", db);
        _syncSeconds = metrics.CreateCounter("litestream_sync_seconds", "Time spent syncing shadow WAL, in seconds", db);
        _checkpoints = metrics.CreateCounter("litestream_checkpoint_count", "Number of checkpoint operations performed", ["db", "mode"]);
        _checkpointErrors = metrics.CreateCounter("litestream_checkpoint_error_count", "Number of checkpoint errors that have occurred", ["db", "mode"]);
        _checkpointSeconds = metrics.CreateCounter("litestream_checkpoint_seconds", "Time spent checkpointing WAL, in seconds", ["db", "mode"]);
        _replicaWalBytes = metrics.CreateCounter("litestream_replica_wal_bytes", "The number of WAL bytes copied to the replica, before compression", replica);
        _replicaIndex = metrics.CreateGauge("litestream_replica_wal_index", "The WAL index up to which the replica can be restored", replica);
        _replicaOffset = metrics.CreateGauge("litestream_replica_wal_offset", "The offset in that index up to which the replica can be restored", replica);
        _replicaLag = metrics.CreateGauge("litestream_replica_lag_seconds", "Age of the oldest commit that the replica lacks, 0 when it lacks none", replica);
        _replicaUp = metrics.CreateGauge("litestream_replica_up", "1 while the replica takes uploads", replica);
        _validations = metrics.CreateCounter("litestream_replica_validation_total", "The number of validations performed", ["db", "name", "status"]);
        _operations = metrics.CreateCounter("litestream_replica_operation_total", "The number of replica operations performed", ["replica_type", "operation"]);
        _operationBytes = metrics.CreateCounter("litestream_replica_operation_bytes", "The number of bytes used by replica operations", ["replica_type", "operation"]);
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == LitestreamDiagnostics.MeterName && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measure(instrument.Name, value, tags));
        _listener.Start();
    }

    public void Watch(Replication replication) => Volatile.Write(ref _replication, replication);

    /// <summary>Reads the states, when somebody asks for the metrics.</summary>
    public void Collect()
    {
        if (Volatile.Read(ref _replication) is not { } replication)
        {
            return;
        }

        foreach (var database in replication.Litestream.Databases)
        {
            var status = database.GetStatus();
            var file = new FileInfo(database.Path);
            _databaseSize.WithLabels(database.Path).Set(file.Exists ? file.Length : 0);
            _walSize.WithLabels(database.Path).Set(status.WalSize);
            _shadowIndex.WithLabels(database.Path).Set(status.Position.Index);
            _shadowSize.WithLabels(database.Path).Set(status.Position.Offset);
            _syncs.WithLabels(database.Path);
            _syncErrors.WithLabels(database.Path);
            _syncSeconds.WithLabels(database.Path);
            _walBytes.WithLabels(database.Path);
            foreach (var replica in status.Replicas)
            {
                _replicaWalBytes.WithLabels(database.Path, replica.Name);
                _replicaIndex.WithLabels(database.Path, replica.Name).Set(replica.Position.Index);
                _replicaOffset.WithLabels(database.Path, replica.Name).Set(replica.Position.Offset);
                _replicaLag.WithLabels(database.Path, replica.Name).Set(replica.Lag.TotalSeconds);
                _replicaUp.WithLabels(database.Path, replica.Name).Set(replica.State == ReplicationState.Replicating ? 1 : 0);
                _validations.WithLabels(database.Path, replica.Name, "ok");
                _validations.WithLabels(database.Path, replica.Name, "error");
            }
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Count(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (instrument)
        {
            case "litestream.wal.copied":
                _walBytes.WithLabels(PathOf(tags)).Inc(value);
                break;
            case "litestream.replica.wal":
                _replicaWalBytes.WithLabels(PathOf(tags), Find(tags, LitestreamMetrics.ReplicaName)).Inc(value);
                break;
            case "litestream.replica.io":
                _operationBytes.WithLabels(TypeOf(tags), Find(tags, LitestreamMetrics.IoDirection) == "transmit" ? "PUT" : "GET").Inc(value);
                break;
        }
    }

    private void Measure(string instrument, double seconds, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var failed = Find(tags, LitestreamMetrics.ErrorType).Length > 0;
        switch (instrument)
        {
            case "litestream.sync.duration":
                Add(_syncs, _syncErrors, _syncSeconds, seconds, failed, PathOf(tags));
                break;
            case "litestream.checkpoint.duration":
                Add(_checkpoints, _checkpointErrors, _checkpointSeconds, seconds, failed, PathOf(tags), Mode);
                break;
            case "litestream.verification.duration":
                _validations.WithLabels(PathOf(tags), Find(tags, LitestreamMetrics.ReplicaName), failed ? "error" : "ok").Inc();
                break;
            case "litestream.replica.operation.duration":
                _operations.WithLabels(Find(tags, LitestreamMetrics.ReplicaType), Operation(Find(tags, LitestreamMetrics.OperationName))).Inc();
                break;
        }
    }

    private static void Add(Counter count, Counter errors, Counter time, double seconds, bool failed, params string[] labels)
    {
        count.WithLabels(labels).Inc();
        time.WithLabels(labels).Inc(seconds);
        errors.WithLabels(labels).Inc(failed ? 1 : 0);
    }

    private static string Operation(string name) => name switch
    {
        "read" => "GET",
        "write" => "PUT",
        "delete" => "DELETE",
        _ => "LIST",
    };

    // The library names databases, Litestream's metrics have their paths.
    private string PathOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = Find(tags, LitestreamMetrics.DatabaseName);
        var databases = Volatile.Read(ref _replication)?.Litestream.Databases ?? [];
        return databases.FirstOrDefault(database => database.Name == name)?.Path ?? name;
    }

    private string TypeOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (path, replica) = (PathOf(tags), Find(tags, LitestreamMetrics.ReplicaName));
        return Volatile.Read(ref _replication)?.File.Databases
            .Where(database => Path.GetFullPath(database.Path) == path)
            .SelectMany(database => database.Replicas).FirstOrDefault(one => one.Name == replica)?.Type ?? replica;
    }

    private static string Find(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach (var (key, value) in tags)
        {
            if (key == name)
            {
                return value?.ToString() ?? "";
            }
        }

        return "";
    }
}
