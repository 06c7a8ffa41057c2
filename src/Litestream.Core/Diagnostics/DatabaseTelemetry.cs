using System.Diagnostics;

namespace Litestream.Diagnostics;

/// <summary>
/// What is reported of one database. Every method asks first whether anybody listens; where nobody does it costs a
/// comparison. Thread-safe.
/// </summary>
internal sealed class DatabaseTelemetry
{
    private readonly LitestreamMetrics? _metrics;
    private readonly TimeProvider _time;

    /// <param name="metrics">The instruments; null where nothing is measured, in tests of single parts.</param>
    /// <param name="name">Name of the database.</param>
    /// <param name="path">Its full path, for its size; reported nowhere.</param>
    /// <param name="status">How it stands, from memory.</param>
    /// <param name="time">Measures.</param>
    public DatabaseTelemetry(LitestreamMetrics? metrics, string name, string path, Func<DatabaseStatus> status, TimeProvider time)
    {
        (_metrics, _time) = (metrics, time);
        (Name, Path, Status) = (name, path, status);
        NameTag = new(LitestreamMetrics.DatabaseName, name);
    }

    public string Name { get; }

    public string Path { get; }

    public Func<DatabaseStatus> Status { get; }

    public KeyValuePair<string, object?> NameTag { get; }

    /// <summary>Measures nothing and records spans of a database of this name.</summary>
    public static DatabaseTelemetry Unmeasured(string name) =>
        new(metrics: null, name, path: "", () => new DatabaseStatus { Name = name, State = ReplicationState.Stopped }, TimeProvider.System);

    /// <summary>The gauges include this database from now on.</summary>
    public void Begin() => _metrics?.Observe(this);

    /// <summary>They do not any more.</summary>
    public void End() => _metrics?.Forget(this);

    /// <summary>Size of the database file; null if there is none. Asks for its size and does not open it.</summary>
    public long? FileSize()
    {
        var file = new FileInfo(Path);
        return file.Exists ? file.Length : null;
    }

    public void WalCopied(long bytes)
    {
        if (_metrics is { WalCopied.Enabled: true } && bytes > 0)
        {
            _metrics.WalCopied.Add(bytes, NameTag);
        }
    }

    public void GenerationStarted(string reason)
    {
        if (_metrics is { Generations.Enabled: true })
        {
            _metrics.Generations.Add(1, NameTag, new KeyValuePair<string, object?>(LitestreamMetrics.GenerationReason, reason));
        }
    }

    public void Synced(TimeSpan duration, Exception? failure)
    {
        if (_metrics is { SyncDuration.Enabled: true })
        {
            _metrics.SyncDuration.Record(duration.TotalSeconds, Tags(failure));
        }
    }

    /// <summary>A checkpoint ended.</summary>
    /// <param name="duration">How long it took.</param>
    /// <param name="lockHeld">How long it held the write lock; zero if it did not.</param>
    /// <param name="outcome">How it ended; null if it failed.</param>
    /// <param name="failure">Why it failed.</param>
    public void Checkpointed(TimeSpan duration, TimeSpan lockHeld, string? outcome, Exception? failure)
    {
        if (_metrics is { CheckpointDuration.Enabled: true })
        {
            var tags = Tags(failure);
            if (outcome is not null)
            {
                tags.Add(LitestreamMetrics.CheckpointOutcome, outcome);
            }

            _metrics.CheckpointDuration.Record(duration.TotalSeconds, tags);
        }

        if (lockHeld > TimeSpan.Zero && _metrics is { CheckpointLockDuration.Enabled: true })
        {
            _metrics.CheckpointLockDuration.Record(lockHeld.TotalSeconds, NameTag);
        }
    }

    /// <summary>A call to a replica's store ended.</summary>
    public void Operated(string replica, string type, string operation, TimeSpan duration, Exception? failure)
    {
        if (_metrics is { OperationDuration.Enabled: true })
        {
            var tags = Tags(failure, replica);
            tags.Add(LitestreamMetrics.ReplicaType, type);
            tags.Add(LitestreamMetrics.OperationName, operation);
            _metrics.OperationDuration.Record(duration.TotalSeconds, tags);
        }
    }

    /// <summary>A replica has taken a segment.</summary>
    public void WalUploaded(string replica, long bytes)
    {
        if (_metrics is { WalUploaded.Enabled: true })
        {
            _metrics.WalUploaded.Add(bytes, Tags(failure: null, replica));
        }
    }

    public void Transferred(string replica, string direction, long bytes)
    {
        if (_metrics is { Io.Enabled: true } && bytes > 0)
        {
            var tags = Tags(failure: null, replica);
            tags.Add(LitestreamMetrics.IoDirection, direction);
            _metrics.Io.Add(bytes, tags);
        }
    }

    public void Snapshotted(string replica, TimeSpan duration, Exception? failure)
    {
        if (_metrics is { SnapshotDuration.Enabled: true })
        {
            _metrics.SnapshotDuration.Record(duration.TotalSeconds, Tags(failure, replica));
        }
    }

    public void Restored(string replica, TimeSpan duration, Exception? failure)
    {
        if (_metrics is { RestoreDuration.Enabled: true })
        {
            _metrics.RestoreDuration.Record(duration.TotalSeconds, Tags(failure, replica));
        }
    }

    public void Verified(string replica, TimeSpan duration, Exception? failure)
    {
        if (_metrics is { VerificationDuration.Enabled: true })
        {
            _metrics.VerificationDuration.Record(duration.TotalSeconds, Tags(failure, replica));
        }
    }

    /// <summary>Runs one piece of work that takes long and happens rarely, with its span and its measurement.</summary>
    /// <param name="span">Name of the span.</param>
    /// <param name="replica">The replica it is about.</param>
    /// <param name="record">Records the duration and the failure, if there was one.</param>
    /// <param name="work">The work.</param>
    public async Task<T> MeasureAsync<T>(
        string span, string replica, Action<DatabaseTelemetry, string, TimeSpan, Exception?> record, Func<Task<T>> work)
    {
        using var activity = LitestreamActivities.Begin(span, Name, replica);
        var started = _time.GetTimestamp();
        try
        {
            var result = await work().ConfigureAwait(false);
            record(this, replica, _time.GetElapsedTime(started), null);
            return result;
        }
        catch (Exception exception)
        {
            record(this, replica, _time.GetElapsedTime(started), exception);
            activity.Fail(exception);
            throw;
        }
    }

    private TagList Tags(Exception? failure, string? replica = null)
    {
        var tags = default(TagList);
        tags.Add(NameTag);
        if (replica is not null)
        {
            tags.Add(LitestreamMetrics.ReplicaName, replica);
        }

        if (failure is not null)
        {
            tags.Add(LitestreamMetrics.ErrorType, ErrorTypes.Of(failure));
        }

        return tags;
    }
}
