using System.Diagnostics;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Sqlite;
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
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PositionSignal _signal = new(PassThread.Shared);
    private readonly CancellationTokenSource _stop = new();

    // Guards the session and everything below it: one pass, one image at a time. Taken before any lock of the shadow.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly PassWaiters _waiters = new();
    private readonly WalWatch _watch;
    private readonly CaptureHealth _health;
    private readonly CaptureReport _report;
    private readonly UncapturedCommits _uncaptured;
    private readonly LoopClock _clock;
    private readonly StandingRequest _request = new();
    private readonly CaptureNews _news;
    private readonly Action _copied;
    private List<PassWaiter> _waiting = []; // for the pass in progress
    private Task? _loop;
    private bool _stopped;

    public DatabaseReplicator(CaptureDefinition definition, IWalWatcher watcher, TimeProvider time, ILogger logger)
    {
        (_definition, _time, _logger) = (definition, time, logger);
        _session = new CaptureSession(definition, time, logger);
        _watch = new WalWatch(watcher, definition.Options.MonitorInterval, NotifyChanged);
        _health = new CaptureHealth(definition.Path, time, logger);
        (_report, _uncaptured, _clock) = (new CaptureReport(time), new UncapturedCommits(SteadyTime.Of(time)), new LoopClock(SteadyTime.Of(time)));
        _news = new CaptureNews(_session.Shadow, _uncaptured);
        _copied = OnCopied;
        Telemetry = DatabaseTelemetry.Unmeasured(definition.Name);
    }

    /// <summary>Raised when something was captured, before a checkpoint that follows, from the loop, with the time its oldest commit was noticed; must be quick.</summary>
    public event Action<DateTimeOffset?>? Captured
    {
        add => _news.Captured += value;
        remove => _news.Captured -= value;
    }

    /// <summary>Removes from the shadow, after every pass, what no replica needs.</summary>
    public ShadowTrimmer? Trimmer { get; set; }

    public DatabaseTelemetry Telemetry { get; set; }

    public string Name => _definition.Name;
    public CaptureHealth Health => _health;
    public TimeSpan UncapturedFor => _uncaptured.Age;
    public IShadow Shadow => _session.Shadow;
    public string SpoolDirectory => _session.SpoolPath;
    public CommitSight Sight => _session.Sight;
    public Guid WriterId { get; } = Guid.NewGuid();
    public Task<IDisposable?> TakeHeavyTurnAsync(CancellationToken stop) => _definition.Heavy.TakeAsync(_definition.FileSize, stop);

    /// <summary>What the capture is doing.</summary>
    public ReplicationState State => _health.State;

    /// <summary>Tries to become the one who replicates the database; false if another process does.</summary>
    /// <exception cref="IOException">The meta directory could not be made.</exception>
    public async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return !_stopped && _session.TryLock();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Goes on with other settings, once the pass in progress is over.</summary>
    public async Task ApplyAsync(DatabaseOptions options)
    {
        await _gate.WaitAsync(_stop.Token).ConfigureAwait(false);
        try
        {
            _session.Apply(options);
            Trimmer?.Limit = options.ShadowLimit;
            _watch.ChangePace(options.MonitorInterval);
        }
        finally
        {
            _gate.Release();
            _signal.Urgent();
        }
    }

    /// <summary>The next generation begins because the database has just been restored.</summary>
    public void Restored() => _session.Restored();

    /// <inheritdoc cref="CaptureExchange.RunAsync"/>
    public Task ExchangeAsync(Func<Action, Task> exchange, CancellationToken cancellationToken) =>
        new CaptureExchange(_gate, _session, _watch, new MetaDirectory(_definition.MetaPath, _definition.Path), () => _stopped)
            .RunAsync(exchange, cancellationToken);

    /// <summary>Tries once to hold the WAL, so that what is written from now on is captured. What fails is tried again by the loop.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_stopped)
            {
                return; // nobody would close it any more
            }

            var state = await RetryPolicies.ForOpening(_time).ExecuteAsync(
                static (session, _) => ValueTask.FromResult(session.Open()), _session, cancellationToken).ConfigureAwait(false);
            _health.Is(state);
            _watch.MoveTo(_session.Capture?.WalIndexPointer ?? 0);
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

    /// <summary>How the capture stands; from memory. Says nothing of replicas.</summary>
    public DatabaseStatus GetStatus() => _health.Describe(Name, _session.Shadow, _clock.Overdue);

    /// <summary>Starts the loop.</summary>
    public void Start() => _loop ??= RunAsync(_stop.Token);

    /// <summary>Something was committed.</summary>
    public void NotifyChanged()
    {
        _uncaptured.Noticed();
        _signal.Moved();
    }

    /// <summary>Runs a pass that begins after this call, shared with whoever else asks.</summary>
    /// <param name="cancellationToken">Ends the wait; the pass is made all the same.</param>
    /// <param name="untilCopied">Whether it is enough that everything has been copied: a checkpoint is not waited for.</param>
    /// <returns>The sequence that had been captured by then: everything committed before the call.</returns>
    /// <exception cref="LitestreamException">The database could not be read.</exception>
    /// <exception cref="InvalidOperationException">It was stopped.</exception>
    public async Task<long> PassAsync(CancellationToken cancellationToken, bool untilCopied = false)
    {
        var pass = _waiters.Add(untilCopied);
        if (_loop is null)
        {
            // Before the host has started: around a migration, say. Whoever asks makes the pass.
            await RunOnceAsync(cancellationToken).ConfigureAwait(false);
        }

        _signal.Urgent();
        return await pass.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<IDatabaseImage> OpenImageAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _session.OpenImage();
        }
        finally
        {
            _gate.Release();

            // The image copied what had been committed: the other replicas must hear of it, and the loop of what failed.
            _news.Announce();
            _signal.Moved();
        }
    }

    public void RequestNewGeneration(string generation, GenerationReason reason, string detail)
    {
        // For one that is being left there is nothing to ask, and it must not take the place of a request that stands.
        if (Shadow.Head?.Position.Generation == generation)
        {
            _request.Ask(new GenerationRequest(generation, reason, detail));
            _signal.Urgent();
        }
    }

    /// <summary>Ends the loop, makes the state durable and lets go of the lock file.</summary>
    /// <param name="releaseMark">Whether the read mark goes too.</param>
    public async Task StopAsync(bool releaseMark)
    {
        if (Interlocked.Exchange(ref _stopped, true))
        {
            return;
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        if (_loop is not null)
        {
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _watch.Dispose();
            if (_loop is not null)
            {
                LastLook.Take(_session.Capture);
                _news.Announce();
            }

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

        _waiters.Close(new InvalidOperationException($"The replication of '{Name}' is not running."));
        _uncaptured.Forget();
        _health.Is(ReplicationState.Stopped);
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
        Activity.Current = null; // whoever started the loop is not the parent of all that it will ever do
        while (!cancellationToken.IsCancellationRequested)
        {
            _clock.BackIn(TimeSpan.Zero);
            var sleep = LookAgain;
            try
            {
                sleep = await RunOnceAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // What handles failures has failed, a logger for one. The loop goes on all the same.
            }

            _clock.BackIn(sleep);
            try
            {
                // After a failure nobody but the clock, or somebody who waits, ends the sleep.
                await _signal.WaitAsync(sleep, urgentOnly: _health.IsFailing, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        _clock.Ended();
    }

    /// <summary>One pass with all that belongs to it. Never throws, but for the end of the loop.</summary>
    /// <returns>How long to sleep if nothing happens.</returns>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
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
        var waiting = _waiting = _waiters.Take();
        _uncaptured.PassBegins();
        var (started, failure) = (_time.GetTimestamp(), default(Exception));
        try
        {
            if (_session.Capture is { HoldsMark: false })
            {
                _watch.Dispose();
            }

            var state = _session.Open();
            if (state != ReplicationState.Replicating)
            {
                _health.Is(state);
                _uncaptured.Forget();
                _watch.Dispose();
                PassWaiters.Fail(waiting, _definition.NotOpen(state));
                return LookAgain;
            }

            var capture = _session.Capture!;
            _request.PassOn(capture);
            var pass = capture.RunOnce(_copied);
            _uncaptured.PassSucceeded();
            _watch.MoveTo(capture.WalIndexPointer);
            _health.Succeeded(capture.WalSizeBytes, capture.State?.Reason.ToString(), capture.WalOverLimitSince);
            if (waiting.Count > 0)
            {
                Sight.Open(capture.WalIndexPointer, capture.HasMoved);
            }

            _report.Passed(Telemetry, _session, started, failure);
            _news.Announce(); // those who waited may ask at once what this pass did, and a replica how far behind it is
            waiting.ForEach(waiter => waiter.TrySetResult(_session.Shadow.Head!.Sequence));
            Trimmer?.Trim(_session.Shadow);
            if (!pass.Moved)
            {
                capture.GoIdle();
            }

            return capture.NextDue() is { } due && due < MaxSleep ? TimeSpan.FromTicks(Math.Max(due.Ticks, TimeSpan.TicksPerMillisecond)) : MaxSleep;
        }
        catch (DatabaseReplacedException replaced)
        {
            _uncaptured.PassFailed();
            _watch.Dispose();
            _session.Abandon();
            PassWaiters.Fail(waiting, replaced);
            return LookAgain;
        }
        catch (Exception exception)
        {
            failure = exception;
            _uncaptured.PassFailed();
            PassWaiters.Fail(waiting, exception);
            return Failed(exception);
        }
        finally
        {
            _report.Passed(Telemetry, _session, started, failure);
            _gate.Release();
            _news.Announce();
        }
    }

    private void OnCopied()
    {
        _news.AnnounceCopied();
        if (State == ReplicationState.Replicating)
        {
            PassWaiters.Copied(_waiting, _session.Shadow.Head!.Sequence);
        }
    }

    private TimeSpan Failed(Exception exception)
    {
        if (exception is IOException && _session.Capture is not null)
        {
            // The disk may be full of what no replica needs any more.
            Trimmer?.Relieve(_session.Shadow);
        }

        if (_session.Capture is not { HoldsMark: true })
        {
            _watch.Dispose();
        }

        return _health.Failed(exception);
    }
}
