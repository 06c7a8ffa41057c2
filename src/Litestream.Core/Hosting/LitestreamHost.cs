using System.Runtime.ExceptionServices;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// All databases of the application, and the life they lead with it: restored and opened once, started, stopped after
/// everything else; and those that come and go meanwhile. Thread-safe.
/// </summary>
internal sealed class LitestreamHost : ILitestream, IAsyncDisposable, IDisposable
{
    // What those get that add or remove a database while the host stops; they are told to end.
    private static readonly TimeSpan ChangesEndWithin = TimeSpan.FromSeconds(10);

    private readonly HostTurns _turns = new();
    private readonly DatabaseRegister _register = new();
    private readonly ConfiguredDatabases _configured;
    private readonly DatabaseSet _set;
    private readonly DatabaseChanges _changes;
    private readonly BackupDeletions _deletions;
    private readonly OptionsReload _options;
    private readonly StateChanges _stateChanges;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ExceptionDispatchInfo? _failure;
    private volatile HostStage _stage;
    private bool _isDisposed;

    public LitestreamHost(
        OptionsReload options, DatabaseMaker maker, TimeProvider timeProvider, StateChanges changes, ILoggerFactory loggerFactory)
    {
        var logger = loggerFactory.CreateLogger<LitestreamHost>();
        var stop = new DatabaseStop(timeProvider, logger);
        var names = new NameTurns();
        (_options, _stateChanges, _time) = (options, changes, timeProvider);
        _configured = new ConfiguredDatabases(options, maker, _register);
        _set = new DatabaseSet(_register, stop, timeProvider, logger);
        _changes = new DatabaseChanges(_register, names, maker, _set, stop, options, timeProvider, logger);
        _deletions = new BackupDeletions(_register, names, maker, timeProvider, logger);
    }

    /// <inheritdoc/>
    public event EventHandler<ReplicationStateChangedEventArgs> StateChanged
    {
        add
        {
            _stateChanges.From(this);
            _stateChanges.Changed += value;
        }

        remove => _stateChanges.Changed -= value;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ILitestreamDatabase> Databases => Made().Public;

    /// <inheritdoc/>
    public ILitestreamDatabase GetDatabase(string name) => Made().Get(name).Public;

    /// <inheritdoc/>
    public ILitestreamDatabase? FindDatabase(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var full = Path.GetFullPath(path);
        return (Made().FindByPath(full) ?? _register.FindByPath(SymbolicLinks.Resolve(full)))?.Public;
    }

    /// <inheritdoc/>
    public async Task<ILitestreamDatabase> AddDatabaseAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        options = OptionRules.Copy(options);
        return await ChangeAsync(
            name, "added", token => _changes.AddAsync(name, options, start: _stage == HostStage.Running, token), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task RemoveDatabaseAsync(string name, CancellationToken cancellationToken = default) =>
        RemoveDatabaseAsync(name, evenIfUnreplicated: false, cancellationToken);

    /// <inheritdoc/>
    public async Task RemoveDatabaseAsync(string name, bool evenIfUnreplicated, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var removal = ChangeAsync(name, "removed", RemoveAsync, cancellationToken);

        // What has begun to be let go of is let go of, whether or not somebody waits for it.
        _ = removal.ContinueWith(
            static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await removal.WaitAsync(cancellationToken).ConfigureAwait(false);

        async Task<bool> RemoveAsync(CancellationToken token)
        {
            await _changes.RemoveAsync(name, evenIfUnreplicated, token).ConfigureAwait(false);
            return true;
        }
    }

    /// <inheritdoc/>
    public async Task<BackupDeletion> DeleteBackupAsync(string name, DatabaseOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(options);
        options = OptionRules.Copy(options);
        return await ChangeAsync(name, "deleted", token => _deletions.DeleteAsync(name, options, token), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task RestoreMissingAsync(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_stage is HostStage.Prepared or HostStage.Running)
        {
            return;
        }

        using var patience = Patience(cancellationToken);
        using var turn = await TakeTurnAsync(patience, cancellationToken).ConfigureAwait(false);
        await PrepareAsync(patience.Token).ConfigureAwait(false);
    }

    /// <summary>Starts the loops of all databases, after <see cref="RestoreMissingAsync"/> if nobody called it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var patience = Patience(cancellationToken);
        using var turn = await TakeTurnAsync(patience, cancellationToken).ConfigureAwait(false);
        await PrepareAsync(patience.Token).ConfigureAwait(false);
        switch (_stage)
        {
            case HostStage.Stopped:
                throw new InvalidOperationException("Replication was stopped with its host, and cannot be started again; build a new host.");
            case HostStage.Prepared:
                _stage = HostStage.Running;
                _set.Start();
                _options.Begin(_set.Apply);
                break;
        }
    }

    /// <inheritdoc/>
    public Task SyncAsync(CancellationToken cancellationToken = default)
    {
        Made();
        return _set.SyncAsync(cancellationToken);
    }

    /// <summary>
    /// Stops all databases in parallel, each with a last sync, within <see cref="LitestreamOptions.ShutdownSyncTimeout"/>
    /// and the host's own patience. Says what is not replicated; never throws for it.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // Ends what adds a database; what removes one leaves it to the stop.
        await _ending.CancelAsync().ConfigureAwait(false);

        // The host's token bounds the last sync; it must not keep us from stopping.
        using var turn = await _turns.TakeForStageAsync(EndedInTimeAsync, CancellationToken.None).ConfigureAwait(false);
        await StopDatabasesAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>A host that is disposed without having been stopped, because its start failed say, is stopped here.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            await _disposed.Task.ConfigureAwait(false);
            return;
        }

        // Ends a restore that is still going on.
        await _ending.CancelAsync().ConfigureAwait(false);
        await _disposing.CancelAsync().ConfigureAwait(false);
        using var turn = await _turns.TakeForStageAsync(EndedInTimeAsync, CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopDatabasesAsync(CancellationToken.None).ConfigureAwait(false);
            await _set.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _disposed.SetResult();
        }
    }

    /// <inheritdoc/>
    /// <remarks>For a service provider that is not disposed asynchronously, which would refuse a service that only can be.</remarks>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        _failure?.Throw();
        if (_stage != HostStage.New)
        {
            return;
        }

        Made();
        try
        {
            await _set.RestoreMissingAsync(cancellationToken).ConfigureAwait(false);
            await _set.OpenAsync(cancellationToken).ConfigureAwait(false);
            _stage = HostStage.Prepared;
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Fail closed: nothing stays half open behind an application that does not start.
            _failure = ExceptionDispatchInfo.Capture(e);
            _stage = HostStage.Failed;
            await _set.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task StopDatabasesAsync(CancellationToken cancellationToken)
    {
        // Where the loops never ran there is nobody to sync, only something to close.
        var timeout = _stage == HostStage.Running ? _options.Current.ShutdownSyncTimeout : TimeSpan.Zero;
        _stage = _stage == HostStage.Failed ? HostStage.Failed : HostStage.Stopped;
        _register.Close();
        _options.Dispose();
        await _set.StopAsync(timeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a change of one database, unless the host is over or ends meanwhile.</summary>
    private async Task<T> ChangeAsync<T>(string name, string what, Func<CancellationToken, Task<T>> change, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        try
        {
            using var turn = await _turns.TakeForDatabaseAsync(patience.Token).ConfigureAwait(false);
            if (_stage is HostStage.Stopped or HostStage.Failed)
            {
                throw IsOver(_failure?.SourceException);
            }

            Made();
            return await change(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (_ending.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw IsOver(exception);
        }

        InvalidOperationException IsOver(Exception? reason) =>
            new($"The database '{name}' was not {what}: replication {(_stage == HostStage.Failed ? "has failed to start" : "stops with its host")}.", reason);
    }

    /// <summary>The configured databases are in the register from now on.</summary>
    private DatabaseRegister Made()
    {
        if (!_configured.AreMade)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _configured.Make();
        }

        return _register;
    }

    private async Task EndedInTimeAsync(Task changes) =>
        await changes.WaitAsync(ChangesEndWithin, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private CancellationTokenSource Patience(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
    }

    /// <summary>The right to change the stage.</summary>
    private async Task<IDisposable> TakeTurnAsync(CancellationTokenSource patience, CancellationToken cancellationToken)
    {
        try
        {
            return await _turns.TakeForStageAsync(changes => changes.WaitAsync(patience.Token), patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(ILitestream));
        }
    }
}
