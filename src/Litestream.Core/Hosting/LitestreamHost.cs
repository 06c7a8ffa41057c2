using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// All databases of the application, and the life they lead with it: restored and opened once, started, stopped after
/// everything else. Thread-safe.
/// </summary>
internal sealed class LitestreamHost(
    OptionsReload options,
    DatabaseDefinitions definitions,
    IDatabaseEngineFactory factory,
    TimeProvider timeProvider,
    StateChanges changes,
    ILogger<LitestreamHost> logger) : ILitestream, IAsyncDisposable, IDisposable
{
    // Guards the making of the engines, nothing else; taken inside _turn or by itself.
    private readonly Lock _making = new();

    // One change of stage at a time.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _disposing = new();
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DatabaseSet? _databases;
    private ExceptionDispatchInfo? _failure;
    private HostStage _stage;
    private bool _isDisposed;

    /// <inheritdoc/>
    public event EventHandler<ReplicationStateChangedEventArgs> StateChanged
    {
        add
        {
            changes.From(this);
            changes.Changed += value;
        }

        remove => changes.Changed -= value;
    }

    /// <inheritdoc/>
    public IReadOnlyList<ILitestreamDatabase> Databases => Make().Public;

    /// <inheritdoc/>
    public ILitestreamDatabase GetDatabase(string name)
    {
        var databases = Make().Public;
        foreach (var database in databases)
        {
            if (string.Equals(database.Name, name, StringComparison.Ordinal))
            {
                return database;
            }
        }

        throw new KeyNotFoundException(databases.Count == 0
            ? $"There is no database '{name}': no databases are configured."
            : $"There is no database '{name}'. There are: {string.Join(", ", databases.Select(database => database.Name))}.");
    }

    /// <inheritdoc/>
    public async Task RestoreMissingAsync(CancellationToken cancellationToken = default)
    {
        using var turn = await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        await PrepareAsync(turn.Token).ConfigureAwait(false);
    }

    /// <summary>Starts the loops of all databases, after <see cref="RestoreMissingAsync"/> if nobody called it.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        await PrepareAsync(turn.Token).ConfigureAwait(false);
        switch (_stage)
        {
            case HostStage.Stopped:
                throw new InvalidOperationException("Replication was stopped with its host, and cannot be started again; build a new host.");
            case HostStage.Prepared:
                _stage = HostStage.Running;
                Make().Start();
                options.Begin(Make().Apply);
                break;
        }
    }

    /// <inheritdoc/>
    public Task SyncAsync(CancellationToken cancellationToken = default) => Make().SyncAsync(cancellationToken);

    /// <summary>
    /// Stops all databases in parallel, each with a last sync, within <see cref="LitestreamOptions.ShutdownSyncTimeout"/>
    /// and the host's own patience. Says what is not replicated; never throws for it.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        // The host's token bounds the last sync; it must not keep us from stopping.
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopDatabasesAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
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
        await _disposing.CancelAsync().ConfigureAwait(false);
        await _turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await StopDatabasesAsync(CancellationToken.None).ConfigureAwait(false);
            if (_databases is { } databases)
            {
                await databases.DisposeAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
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

        var databases = Make();
        try
        {
            await databases.RestoreMissingAsync(cancellationToken).ConfigureAwait(false);
            await databases.OpenAsync(cancellationToken).ConfigureAwait(false);
            _stage = HostStage.Prepared;
        }
        catch (Exception e) when (!(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Fail closed: nothing stays half open behind an application that does not start.
            _failure = ExceptionDispatchInfo.Capture(e);
            _stage = HostStage.Failed;
            await databases.StopAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task StopDatabasesAsync(CancellationToken cancellationToken)
    {
        // Where the loops never ran there is nobody to sync, only something to close.
        var timeout = _stage == HostStage.Running ? options.Current.ShutdownSyncTimeout : TimeSpan.Zero;
        _stage = _stage == HostStage.Failed ? HostStage.Failed : HostStage.Stopped;
        options.Dispose();
        if (_databases is { } databases)
        {
            await databases.StopAsync(timeout, cancellationToken).ConfigureAwait(false);
        }
    }

    private DatabaseSet Make()
    {
        if (_databases is { } made)
        {
            return made;
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);

        // Runs the application's own configuration, so outside the lock.
        var value = options.Current;
        lock (_making)
        {
            return _databases ??= new DatabaseSet(definitions.Create(value), factory, timeProvider, logger);
        }
    }

    private async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        try
        {
            await _turn.WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            linked.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(ILitestream));
        }

        return new Turn(_turn, linked);
    }

    /// <summary>The right to change the stage, given back when disposed; cancelled when the host is disposed.</summary>
    private sealed class Turn(SemaphoreSlim turn, CancellationTokenSource linked) : IDisposable
    {
        public CancellationToken Token => linked.Token;

        public void Dispose()
        {
            linked.Dispose();
            turn.Release();
        }
    }
}
