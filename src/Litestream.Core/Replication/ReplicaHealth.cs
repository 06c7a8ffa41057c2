using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// How a replica does: what its status shows, how often it has failed in a row, and how long that makes it wait. The first
/// failure of a row is said loudly, the others are not.
/// </summary>
/// <remarks>Reading is thread-safe; only the pass in progress writes, and the upkeep once.</remarks>
internal sealed class ReplicaHealth(string database, string replica, TimeProvider timeProvider, Random jitter, ILogger logger)
{
    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private ReplicationState _state = ReplicationState.Stopped;
    private ReplicationPosition _position;
    private DateTimeOffset? _lastSyncedAt;
    private string? _lastError;
    private DateTimeOffset? _stateSince;
    private int _failures;
    private TimeSpan _delay;
    private bool _isSuperseded;

    /// <summary>Told of every change of state, with the one before, the one now and the error; outside the lock.</summary>
    public Action<ReplicationState, ReplicationState, string?>? Changed { get; set; }

    /// <summary>How long to wait from the beginning of the last pass to the next; zero while all is well.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_lock)
            {
                return _delay;
            }
        }
    }

    /// <summary>Up to where the replica can be restored: the end of a commit.</summary>
    public ReplicationPosition Position
    {
        get
        {
            lock (_lock)
            {
                return _position;
            }
        }
    }

    /// <summary>It can be restored up to each of these, if they are known. Within a generation that is never taken back.</summary>
    public void Reached(params ReadOnlySpan<ReplicationPosition> positions)
    {
        lock (_lock)
        {
            foreach (var position in positions)
            {
                _position = position.IsEmpty || _position.Covers(position) ? _position : position;
            }
        }
    }

    /// <summary>The status, with a lag that others have computed.</summary>
    public ReplicaStatus Describe(TimeSpan lag)
    {
        lock (_lock)
        {
            return new ReplicaStatus
            {
                Name = replica,
                State = _state,
                StateSince = _stateSince,
                Position = _position,
                Lag = lag,
                LastSyncedAt = _lastSyncedAt,
                LastError = _lastError,
            };
        }
    }

    /// <summary>The loop begins or ends.</summary>
    public void Running(bool running)
    {
        ReplicationState before, now;
        lock (_lock)
        {
            before = _state;
            now = !running ? ReplicationState.Stopped
                : _isSuperseded ? ReplicationState.Faulted
                : _failures > 0 ? ReplicationState.Retrying : ReplicationState.Replicating;
            Set(now);
        }

        Tell(before, now, error: null);
    }

    /// <summary>A pass went through.</summary>
    /// <param name="covers">True if the replica holds everything that was captured when it began.</param>
    /// <param name="refusal">Why the generation is not gone on with; null if it is.</param>
    public void Succeeded(bool covers, string? refusal)
    {
        int failures;
        ReplicationState before;
        var now = refusal is null ? ReplicationState.Replicating : ReplicationState.Retrying;
        lock (_lock)
        {
            if (_isSuperseded)
            {
                return;
            }

            (failures, _failures, _delay) = (_failures, 0, TimeSpan.Zero);
            before = _state;
            Set(now);
            _lastError = refusal;
            _lastSyncedAt = covers ? timeProvider.GetUtcNow() : _lastSyncedAt;
        }

        if (failures > 0)
        {
            Log.ReplicaRecovered(logger, replica, database, failures);
        }

        Tell(before, now, refusal);
    }

    /// <summary>A pass failed.</summary>
    /// <param name="cause">What happened.</param>
    /// <param name="failure">The same, naming database and replica.</param>
    public void Failed(Exception cause, ReplicaException failure)
    {
        int failures;
        ReplicationState before;
        var now = failure.IsTransient ? ReplicationState.Retrying : ReplicationState.Faulted;
        lock (_lock)
        {
            if (_isSuperseded)
            {
                return;
            }

            failures = ++_failures;
            before = _state;
            Set(now);
            _delay = failure.IsTransient ? RetryPolicies.DelayAfter(failures, jitter) : RetryPolicies.MaxDelay;
            _lastError = failure.Message;
        }

        Tell(before, now, failure.Message);
        if (!failure.IsTransient && before != ReplicationState.Faulted)
        {
            Log.ReplicaFaulted(logger, cause, replica, database, cause.Message);
        }
        else if (failures == 1)
        {
            Log.ReplicaRetrying(logger, cause, replica, database, cause.Message);
        }
        else
        {
            Log.ReplicaStillFailing(logger, replica, database, failures, cause.Message);
        }
    }

    /// <summary>Somebody else has taken over: faulted, whatever becomes of a pass in progress, until the process restarts.</summary>
    public void Superseded(ReplicaException failure)
    {
        ReplicationState before;
        lock (_lock)
        {
            (_isSuperseded, _failures, _delay, _lastError) = (true, 0, TimeSpan.Zero, failure.Message);
            before = _state;
            Set(ReplicationState.Faulted);
        }

        Log.ReplicaSuperseded(logger, replica, database, failure.Message);
        Tell(before, ReplicationState.Faulted, failure.Message);
    }

    /// <summary>Under the lock.</summary>
    private void Set(ReplicationState state)
    {
        if (_state != state)
        {
            (_state, _stateSince) = (state, timeProvider.GetUtcNow());
        }
    }

    private void Tell(ReplicationState before, ReplicationState now, string? error)
    {
        if (before != now)
        {
            Changed?.Invoke(before, now, error);
        }
    }
}
