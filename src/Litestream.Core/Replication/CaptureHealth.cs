using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>How the capture of a database stands, and how long to wait after a failure. Written by the loop, read by anybody.</summary>
internal sealed class CaptureHealth(string path, TimeProvider time, ILogger logger)
{
    /// <summary>Whatever a person must mend is not worth another look soon.</summary>
    private static readonly TimeSpan SlowClock = TimeSpan.FromSeconds(30);

    private const double FirstDelayMilliseconds = 200;
    private const double MaxDelayMilliseconds = 10_000;

    private readonly SteadyTime _steady = SteadyTime.Of(time);
    private volatile CaptureStatus _status = new(ReplicationState.Stopped, null, null, 0, null);
    private int _failures;

    /// <summary>How it stands. Since when is told by the time of day as it is now, so that nobody who sets the clock hides how long it has been.</summary>
    public CaptureStatus Status => _status is var status && status.StateSince is { } since
        ? status with { StateSince = _steady.ToTimeOfDay(since), WalOverLimitSince = Told(status.WalOverLimitSince) }
        : status;

    public ReplicationState State => _status.State;

    /// <summary>The status of the database. From memory; says nothing of replicas.</summary>
    public DatabaseStatus Describe(string name, ShadowWal shadow, TimeSpan overdue)
    {
        var status = Status;
        return new DatabaseStatus
        {
            Name = name,
            State = status.State,
            StateSince = status.StateSince,
            Overdue = overdue,
            Position = shadow.Head?.Position ?? default,
            LastSyncedAt = status.LastSyncedAt,
            LastError = status.State is ReplicationState.Retrying or ReplicationState.Faulted ? status.LastError : null,
            GenerationReason = status.GenerationReason,
            WalSize = status.WalSize,
            WalOverLimitSince = status.WalOverLimitSince,
            ShadowSize = shadow.SizeBytes,
        };
    }

    /// <summary>Told of every change of state, with the one before, the one now and the error.</summary>
    public Action<ReplicationState, ReplicationState, string?>? Changed { get; set; }

    /// <summary>True while the last attempt failed.</summary>
    public bool IsFailing => _failures > 0;

    /// <summary>What is done, or waited for.</summary>
    public void Is(ReplicationState state)
    {
        _failures = 0;
        Set(_status with { State = state, LastError = null });
    }

    /// <summary>A pass has gone through.</summary>
    public void Succeeded(long walSize, string? generationReason, DateTimeOffset? walOverLimitSince = null)
    {
        if (IsFailing)
        {
            _failures = 0;
            Log.CaptureRecovered(logger, path);
        }

        Set(new CaptureStatus(ReplicationState.Replicating, null, time.GetUtcNow(), walSize, generationReason)
        {
            WalOverLimitSince = walOverLimitSince is { } since ? _status.WalOverLimitSince ?? _steady.FromTimeOfDay(since) : null,
        });
    }

    /// <summary>An attempt failed. Said once for a row of failures.</summary>
    /// <returns>How long to wait before the next.</returns>
    public TimeSpan Failed(Exception exception)
    {
        var passing = exception is LitestreamException { IsTransient: true } or IOException;
        _failures++;
        Set(_status with
        {
            State = passing ? ReplicationState.Retrying : ReplicationState.Faulted,
            LastError = exception.Message,
        });
        if (_failures == 1 && passing)
        {
            Log.DatabaseNotReady(logger, path, exception.Message);
        }
        else if (_failures == 1)
        {
            Log.CaptureFailed(logger, path, exception.Message, exception);
        }

        return passing
            ? TimeSpan.FromMilliseconds(Math.Min(FirstDelayMilliseconds * Math.Pow(2, Math.Min(_failures - 1, 10)), MaxDelayMilliseconds))
            : SlowClock;
    }

    private DateTimeOffset? Told(DateTimeOffset? since) => since is { } at ? _steady.ToTimeOfDay(at) : null;

    private void Set(CaptureStatus status)
    {
        var before = _status;
        var changed = before.State != status.State;
        _status = status with { StateSince = changed ? _steady.GetUtcNow() : before.StateSince };
        if (changed)
        {
            Changed?.Invoke(before.State, status.State, status.LastError);
        }
    }
}
