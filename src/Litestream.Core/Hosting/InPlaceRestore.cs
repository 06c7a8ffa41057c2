using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>
/// Brings a database back in place while its application runs. The application is without it only while the files are
/// exchanged: what takes long comes before that, and new commits are captured when the call returns.
/// </summary>
internal sealed class InPlaceRestore(
    DatabaseDefinition definition, DatabaseReplicator replicator, DatabaseRestorer restorer, TimeProvider time, ILogger logger)
    : IDisposable
{
    private static readonly TimeSpan UndoTimeout = new InPlaceRestoreOptions().CloseTimeout;

    private readonly SemaphoreSlim _one = new(1, 1); // one exchange at a time; taken before the replicator's gate
    private readonly DatabaseSwap _swap = new(definition.Path, time, logger);
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _exchanging;

    /// <summary>True while the database is not to be had.</summary>
    public bool IsExchanging => _exchanging;

    /// <summary>
    /// Ours alone: what a killed attempt left there is removed by the next. So it is no name that somebody would give a copy
    /// of his own.
    /// </summary>
    private string RestoredPath => definition.Path + ".litestream-net-restored";

    public async Task<InPlaceRestoreResult> RestoreAsync(InPlaceRestoreOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options.Restore);
        var close = options.CloseConnections ?? throw new ArgumentException(
            $"{nameof(options.CloseConnections)} is missing: only the application can close its connections.", nameof(options));
        if (options.Restore.OutputPath.Length > 0)
        {
            throw new ArgumentException(
                $"{nameof(RestoreOptions.OutputPath)} must stay empty: it is the database itself. To restore a copy, call RestoreAsync.", nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.CloseTimeout, TimeSpan.Zero, nameof(options));
        return await OneAtATimeAsync(RunAsync, cancellationToken).ConfigureAwait(false);

        async Task<InPlaceRestoreResult> RunAsync(CancellationToken token)
        {
            File.Delete(RestoredPath);
            try
            {
                var restored = await restorer.RestoreAsync(ToFile(options.Restore), token).ConfigureAwait(false);
                var previous = await ExchangeAsync(RestoredPath, close, options.CloseTimeout, $"what was restored to {restored.Position}", token)
                    .ConfigureAwait(false);
                return new InPlaceRestoreResult(previous, restored);
            }
            finally
            {
                File.Delete(RestoredPath);
            }
        }
    }

    public Task<InPlaceRestoreResult> UndoAsync(string previousPath, Func<CancellationToken, Task> close, CancellationToken cancellationToken)
    {
        return OneAtATimeAsync(RunAsync, cancellationToken);

        async Task<InPlaceRestoreResult> RunAsync(CancellationToken token)
        {
            var path = Path.GetFullPath(previousPath);
            if (!File.Exists(path) || path == definition.Path || Path.GetDirectoryName(path) != Path.GetDirectoryName(definition.Path))
            {
                throw new FileNotFoundException($"There is no previous database '{path}' beside '{definition.Path}'.", path);
            }

            if (DatabaseSwap.SideFileOf(path) is { } side)
            {
                // Somebody has it open, or it was never whole in its one file.
                throw new IOException($"'{path}' was not put back: a part of it is in '{side}'. Close it, or recover it with SQLite first.");
            }

            if (DatabaseCheck.Run(path, full: false, token) is { } finding)
            {
                throw new IOException($"'{path}' is no sound database and was not put back: {finding}.");
            }

            return new InPlaceRestoreResult(
                await ExchangeAsync(path, close, UndoTimeout, $"'{path}'", token).ConfigureAwait(false), Restored: null);
        }
    }

    /// <summary>Gives up what has not begun to exchange the files: the host stops, and would wait for it.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    /// <summary>Waits for the one that runs, after which none begins.</summary>
    public Task EndedAsync() => _one.WaitAsync();

    public void Dispose()
    {
        _one.Dispose();
        _stop.Dispose();
    }

    private async Task<InPlaceRestoreResult> OneAtATimeAsync(
        Func<CancellationToken, Task<InPlaceRestoreResult>> run, CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        try
        {
            await BeginAsync(giveUp.Token).ConfigureAwait(false);
            try
            {
                return await run(giveUp.Token).ConfigureAwait(false);
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The replication of '{definition.Name}' was stopped meanwhile; the database was left as it is.");
        }
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (replicator.State == ReplicationState.Stopped || !await replicator.TryLockAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new InvalidOperationException(
                    $"The database '{definition.Name}' is not replicated by this process at the moment, so that it cannot be restored in place: its host has not started or was stopped, or another process replicates it.");
            }
        }
        catch
        {
            _one.Release();
            throw;
        }
    }

    private async Task<string?> ExchangeAsync(
        string replacement, Func<CancellationToken, Task> close, TimeSpan timeout, string what, CancellationToken cancellationToken)
    {
        await close(cancellationToken).ConfigureAwait(false);
        await CaptureLastCommitsAsync(cancellationToken).ConfigureAwait(false);
        string? previous = null;
        _exchanging = true;
        try
        {
            await replicator.ExchangeAsync(
                async forget => previous = await _swap.RunAsync(replacement, timeout, forget, cancellationToken).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Before anybody writes again. What fails is tried again by the loop.
            await replicator.OpenAsync(CancellationToken.None).ConfigureAwait(false);
            _exchanging = false;
            replicator.NotifyChanged();
        }

        Log.DatabaseExchanged(logger, definition.Name, definition.Path, what, previous);
        return previous;
    }

    // So that the moment just before can be restored from the replicas too. The previous database is kept in any case.
    private async Task CaptureLastCommitsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await replicator.PassAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LitestreamException or IOException or InvalidOperationException)
        {
            // It may be missing, or damaged, which is why it is being restored.
        }
    }

    private RestoreOptions ToFile(RestoreOptions asked) => new()
    {
        OutputPath = RestoredPath,
        Replica = asked.Replica,
        Generation = asked.Generation,
        Index = asked.Index,
        Timestamp = asked.Timestamp,
        Position = asked.Position,
        Parallelism = asked.Parallelism,
        Progress = asked.Progress,
        IntegrityCheck = asked.IntegrityCheck,
    };
}
