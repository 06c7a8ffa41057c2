using Litestream.Diagnostics;
using Litestream.Shadow;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// The database's loop: keeps the capture open, runs a pass when something was committed or somebody waits, and tells the
/// replicas' workers. It never ends by itself and never throws into the host. Thread-safe.
/// </summary>
internal sealed class DatabaseReplicator : ICapturedDatabase, IAsyncDisposable
{
    /// <summary>How often it looks whether a missing database has come, or another process has let go.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest sleep: whether the file was replaced is announced by nobody.</summary>
    private static readonly TimeSpan MaxSleep = TimeSpan.FromSeconds(5);

    private readonly CaptureDefinition _definition;
    private readonly CaptureSession _session;
    private readonly IWalWatcher _watcher;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PositionSignal _signal = new();
    private readonly CancellationTokenSource _stop = new();

    // Guards the session and everything below it: one pass, one image at a time. Taken before any lock of the shadow.
    private readonly SemaphoreSlim _gate = new(1, 1);

    // Guards _waiting; innermost.
    private readonly Lock _waitingLock = new();
    private List<TaskCompletionSource<ShadowHead>> _waiting = [];
    private IDisposable? _watch;
    private nint _watched;
    private int _failures;
    private Task? _loop;
    private volatile bool _stopped;
    private volatile CaptureStatus _status = new(ReplicationState.Stopped, null, null, 0, null);

    public DatabaseReplicator(CaptureDefinition definition, IWalWatcher watcher, TimeProvider time, ILogger logger)
    {
        (_definition, _watcher, _time, _logger) = (definition, watcher, time, logger);
        _session = new CaptureSession(definition, time, logger);
    }

    /// <summary>Raised after every pass that captured something, from the loop; must be quick.</summary>
    public event Action? Captured;

    /// <summary>Asked after every pass for what may be removed from the shadow.</summary>
    public Action<ShadowWal>? Trim { get; set; }

    public string Name => _definition.Name;

    public IShadow Shadow => _session.Shadow;

    public string SpoolDirectory => _session.SpoolPath;

    public Guid WriterId { get; } = Guid.NewGuid();

    /// <summary>How the capture stands; from memory.</summary>
    public CaptureStatus Status => _status;

    /// <summary>Tries to become the one who replicates the database; false if another process does.</summary>
    /// <exception cref="IOException">The meta directory could not be made.</exception>
    public async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _session.TryLock();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The next generation begins because the database has just been restored.</summary>
    public void Restored() => _session.Restored();

    /// <summary>Tries once to hold the WAL, so that what is written from now on is captured. What fails is tried again by the loop.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var state = _session.Open();
            _status = _status with { State = state };
            Watch();
        }
        catch (Exception exception) when (exception is LitestreamException or IOException or UnauthorizedAccessException)
        {
            Failed(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop ??= RunAsync(_stop.Token);

    /// <summary>Something was committed.</summary>
    public void NotifyChanged() => _signal.Moved();

    /// <summary>Runs a pass that begins after this call, shared with whoever else asks.</summary>
    /// <returns>What had been captured at its end: everything committed before the call.</returns>
    /// <exception cref="LitestreamException">The database could not be read.</exception>
    /// <exception cref="InvalidOperationException">The loop does not run.</exception>
    public async Task<ShadowHead> PassAsync(CancellationToken cancellationToken)
    {
        var waiting = new TaskCompletionSource<ShadowHead>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waitingLock)
        {
            if (_stopped || _loop is null)
            {
                throw NotRunning();
            }

            _waiting.Add(waiting);
        }

        _signal.Urgent();
        return await waiting.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<IDatabaseImage> OpenImageAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var capture = _session.Capture is { HoldsMark: true } open
                ? open
                : throw new LitestreamException($"The database '{Name}' is not open at the moment.", innerException: null, isTransient: true);
            return capture.OpenImage(_session.Connect());
        }
        finally
        {
            _gate.Release();
        }
    }

    public void RequestNewGeneration(string generation, GenerationReason reason, string detail)
    {
        _session.Capture?.RequestNewGeneration(generation, reason, detail);
        _signal.Urgent();
    }

    /// <summary>Ends the loop, makes the state durable and lets go of the lock file.</summary>
    /// <param name="releaseMark">Whether the read mark goes too.</param>
    public async Task StopAsync(bool releaseMark)
    {
        lock (_waitingLock)
        {
            if (_stopped)
            {
                return;
            }

            _stopped = true;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (_loop is not null)
        {
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            Unwatch();
            _session.Close(releaseMark);
        }
        catch (Exception exception) when (exception is LitestreamException or IOException or UnauthorizedAccessException)
        {
            Log.CaptureFailed(_logger, _definition.Path, exception.Message, exception);
        }
        finally
        {
            _gate.Release();
        }

        Finish(Take(), NotRunning());
        _status = _status with { State = ReplicationState.Stopped };
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(releaseMark: true).ConfigureAwait(false);
        _stop.Dispose();
        _gate.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!cancellationToken.IsCancellationRequested)
        {
            var sleep = await PassOnceAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                // After a failure nobody but the clock, or somebody who waits, ends the sleep.
                await _signal.WaitAsync(sleep, urgentOnly: _failures > 0, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One pass with all that belongs to it. Never throws, but for the end of the loop.</summary>
    /// <returns>How long to sleep if nothing happens.</returns>
    private async Task<TimeSpan> PassOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return TimeSpan.Zero;
        }

        // Taken before the look: whoever comes later is served by the next pass.
        var waiting = Take();
        try
        {
            if (_session.Capture is { HoldsMark: false })
            {
                Unwatch();
            }

            var state = _session.Open();
            if (state != ReplicationState.Replicating)
            {
                _failures = 0;
                _status = _status with { State = state };
                Unwatch();
                Finish(waiting, new LitestreamException(NotOpen(state), innerException: null, isTransient: true));
                return LookAgain;
            }

            var capture = _session.Capture!;
            var pass = capture.RunOnce();
            Watch();
            Succeeded(capture);
            waiting.ForEach(waiter => waiter.TrySetResult(_session.Shadow.Head!));
            if (pass.Moved)
            {
                Captured?.Invoke();
            }

            Trim?.Invoke(_session.Shadow);
            if (!pass.Moved)
            {
                capture.GoIdle();
            }

            return capture.NextDue() is { } due && due < MaxSleep ? Max(due, TimeSpan.FromMilliseconds(1)) : MaxSleep;
        }
        catch (DatabaseReplacedException replaced)
        {
            Unwatch();
            _session.Abandon();
            Finish(waiting, replaced);
            return LookAgain;
        }
        catch (Exception exception)
        {
            Finish(waiting, exception);
            return Failed(exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void Succeeded(WalSync capture)
    {
        if (_failures > 0)
        {
            _failures = 0;
            Log.CaptureRecovered(_logger, _definition.Path);
        }

        _status = new CaptureStatus(
            ReplicationState.Replicating, null, _time.GetUtcNow(), capture.WalSizeBytes, capture.State?.Reason.ToString());
    }

    private TimeSpan Failed(Exception exception)
    {
        var passing = exception is LitestreamException { IsTransient: true } or IOException;
        _failures++;
        _status = _status with
        {
            State = passing ? ReplicationState.Retrying : ReplicationState.Faulted,
            LastError = exception.Message,
        };
        if (_failures == 1)
        {
            if (passing)
            {
                Log.DatabaseNotReady(_logger, _definition.Path, exception.Message);
            }
            else
            {
                Log.CaptureFailed(_logger, _definition.Path, exception.Message, exception);
            }
        }

        if (_session.Capture is not { HoldsMark: true })
        {
            Unwatch();
        }

        // A lock that somebody holds is worth another look soon; whatever a person must mend is not.
        return passing
            ? TimeSpan.FromMilliseconds(Math.Min(100 * Math.Pow(2, Math.Min(_failures, 10)), 10_000))
            : TimeSpan.FromSeconds(30);
    }

    private void Watch()
    {
        var pointer = _session.Capture?.WalIndexPointer ?? 0;
        if (pointer == _watched)
        {
            return;
        }

        Unwatch();
        if (pointer != 0)
        {
            _watch = _watcher.Watch(pointer, _definition.Options.MonitorInterval, _signal.Moved);
            _watched = pointer;
        }
    }

    /// <summary>Before a connection closes: once this has returned, nobody reads its wal-index any more.</summary>
    private void Unwatch()
    {
        _watch?.Dispose();
        _watch = null;
        _watched = 0;
    }

    private List<TaskCompletionSource<ShadowHead>> Take()
    {
        lock (_waitingLock)
        {
            if (_waiting.Count == 0)
            {
                return [];
            }

            var waiting = _waiting;
            _waiting = [];
            return waiting;
        }
    }

    private static void Finish(List<TaskCompletionSource<ShadowHead>> waiting, Exception exception) =>
        waiting.ForEach(waiter => waiter.TrySetException(exception));

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private string NotOpen(ReplicationState state) => state == ReplicationState.WaitingForOtherProcess
        ? $"The database '{Name}' is replicated by another process; this one takes over when that one lets go."
        : $"The database '{Name}' does not exist yet: there is no file '{_definition.Path}'.";

    private InvalidOperationException NotRunning() => new($"The replication of '{Name}' is not running.");
}
