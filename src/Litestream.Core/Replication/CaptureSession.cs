using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Opens the capture of one database and closes it: lock file, read mark, shadow; a database that is not there yet, that
/// another process replicates, or that is replaced underneath us. Used by one thread at a time.
/// </summary>
internal sealed class CaptureSession(CaptureDefinition definition, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly MetaDirectory _meta = new(definition.MetaPath, definition.Path);
    private readonly WalSyncSettings _settings = WalSyncSettings.Of(definition.Options, definition.Pause);
    private FileStream? _lock;
    private ReadMarks? _guard;
    private bool _waitingLogged;
    private GenerationReason? _restart;

    /// <summary>The capture; null while it could not be opened.</summary>
    public WalSync? Capture { get; private set; }

    /// <summary>The shadow; the same object for the life of the session, so that positions and sequences go on.</summary>
    public ShadowWal Shadow { get; } = new(new MetaDirectory(definition.MetaPath, definition.Path));

    /// <summary>Whether anything was committed: may be asked by any thread.</summary>
    public CommitSight Sight { get; } = new(definition.Path);

    public string SpoolPath => _meta.SpoolPath;

    private TimeSpan BusyTimeout { get; set; } = definition.Options.BusyTimeout;

    /// <summary>The next generation begins because the database has just been restored.</summary>
    public void Restored() => _restart = GenerationReason.Restored;

    /// <summary>Opens what can be opened.</summary>
    /// <returns>Replicating once the capture is open, else what is waited for.</returns>
    /// <exception cref="LitestreamException">The database could not be opened; transient if waiting may help.</exception>
    /// <exception cref="IOException">The meta directory could not be made or read.</exception>
    public ReplicationState Open()
    {
        if (Capture is { HoldsMark: true })
        {
            return ReplicationState.Replicating;
        }

        if (Capture is not null)
        {
            Sight.Close();
            Capture.Dispose();
            Capture = null;
        }

        if (new FileInfo(definition.Path) is not { Exists: true, Length: > 0 })
        {
            // An empty file is one that somebody is making this moment.
            return ReplicationState.WaitingForDatabase;
        }

        EnsureWal();
        if (!TryLock())
        {
            Guard();
            return ReplicationState.WaitingForOtherProcess;
        }

        Capture = OpenCapture();

        // Before the guard goes: its wal-index, if the file was replaced, is another one.
        Sight.Open(Capture.WalIndexPointer, Capture.HasMoved);
        _guard?.Dispose();
        _guard = null;
        return ReplicationState.Replicating;
    }

    /// <summary>The file at the path is another one: the connections to the old one stay open until the process ends.</summary>
    public void Abandon()
    {
        Log.DatabaseReplaced(logger, definition.Path);
        Sight.Close();
        if (Capture is not null)
        {
            Shadow.CloseHandles();
            HeldCaptures.Abandon(Capture.Detach().Marks);
            Capture = null;
        }

        _restart = GenerationReason.DatabaseReplaced;
    }

    /// <summary>Makes the state durable and lets go of the lock file, so that another process may take over.</summary>
    /// <param name="releaseMark">Whether the read mark goes too; else it is held until the process ends or a later host takes it.</param>
    public void Close(bool releaseMark)
    {
        Sight.Close();
        try
        {
            if (Capture is { } capture)
            {
                Capture = null;
                try
                {
                    if (capture.State is not null && capture.HoldsMark)
                    {
                        capture.Flush();
                    }
                }
                finally
                {
                    if (releaseMark || capture.State is null || !capture.HoldsMark)
                    {
                        capture.Dispose();
                    }
                    else
                    {
                        HeldCaptures.Keep(definition.MetaPath, capture.Detach());
                    }
                }
            }

            _guard?.Dispose();
            _guard = null;
            (releaseMark ? HeldCaptures.Take(definition.MetaPath) : null)?.Marks.Dispose();
        }
        finally
        {
            _lock?.Dispose();
            _lock = null;
        }
    }

    /// <summary>Lets go of the database but not of the lock: nothing of ours has the file open until it is opened again.</summary>
    public void LetGo()
    {
        Sight.Close();
        (Capture is { State: not null, HoldsMark: true } ? Capture : null)?.Flush();
        Capture?.Dispose();
        _guard?.Dispose();
        (Capture, _guard) = (null, null);
        HeldCaptures.Take(definition.MetaPath)?.Marks.Dispose();
    }

    public void Dispose() => Close(releaseMark: true);

    /// <summary>A connection of ours.</summary>
    public DatabaseConnection Connect()
    {
        var connection = DatabaseConnection.Open(definition.Path, BusyTimeout);
        try
        {
            connection.EnsureWalMode();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>An exact image of the database, through a connection of its own.</summary>
    /// <exception cref="LitestreamException">The database is not open, was replaced, or cannot be imaged now; transient.</exception>
    public DatabaseImage OpenImage()
    {
        if (Capture is not { HoldsMark: true } capture)
        {
            throw new LitestreamException(
                $"The database '{definition.Name}' is not open at the moment.", innerException: null, isTransient: true);
        }

        var connection = Connect();
        if (capture.HasMoved())
        {
            // Opened by path: it may be the new file, whose content must not go into the old one's generation.
            connection.Dispose();
            throw new DatabaseReplacedException(definition.Path);
        }

        return capture.OpenImage(connection);
    }

    private WalSync OpenCapture()
    {
        var held = HeldCaptures.Take(definition.MetaPath);
        var goesOn = held is not null && _restart is null && held.Marks.IsHeld && _meta.ReadState(out _) == held.State;
        if (goesOn)
        {
            Shadow.TakeOver(held!.Shadow);
        }

        var capture = new WalSync(
            definition.Path, _meta, Shadow, goesOn ? held!.Marks : new ReadMarks(Connect), goesOn ? held : null, _settings, time, logger);
        try
        {
            capture.Open(_restart);
            _restart = null;
            foreach (var left in _meta.Generations().Except(Shadow.Generations, StringComparer.Ordinal))
            {
                _meta.DeleteGeneration(left);
            }

            return capture;
        }
        catch
        {
            if (goesOn && capture.State == held!.State)
            {
                // Nothing was begun anew: the mark stays for the next attempt.
                HeldCaptures.Keep(definition.MetaPath, capture.Detach());
            }
            else
            {
                capture.Dispose();
            }

            throw;
        }
        finally
        {
            // Only now, with another connection open: the last one to close would take the WAL with it.
            if (!goesOn)
            {
                held?.Marks.Dispose();
            }
        }
    }

    /// <summary>Goes on with other settings. The time-out is that of connections opened from now on.</summary>
    public void Apply(DatabaseOptions options)
    {
        BusyTimeout = options.BusyTimeout;
        _settings.Apply(options);
    }

    /// <summary>Switches the database to WAL mode if it is in another one.</summary>
    private void EnsureWal()
    {
        if (_guard is null)
        {
            using var connection = Connect();
        }
    }

    /// <summary>Tries to become the one who replicates the database; false if another process does.</summary>
    /// <exception cref="IOException">The meta directory could not be made.</exception>
    public bool TryLock()
    {
        if (_lock is not null)
        {
            return true;
        }

        _meta.CreateRoot();
        if ((_lock = _meta.TryLock()) is null)
        {
            if (!_waitingLogged)
            {
                _waitingLogged = true;
                Log.WaitingForOtherProcess(logger, definition.Path);
            }

            return false;
        }

        _waitingLogged = false;
        _meta.Create();
        UnfinishedExchange.Remove(definition.Path, logger);
        Sidecar.WarnIfRunning(definition.Path, time, logger);
        return true;
    }

    /// <summary>
    /// Holds a mark while the other process replicates, so that nothing between its last look and ours can get lost. It is
    /// moved at every call: the other one copies, and must not be kept from checkpointing.
    /// </summary>
    private void Guard()
    {
        if (_guard is not null)
        {
            _guard.Leap(static () => { });
            return;
        }

        var guard = new ReadMarks(Connect);
        try
        {
            guard.Begin();
        }
        catch
        {
            guard.Dispose();
            throw;
        }

        _guard = guard;
        Sight.Open(guard.Index.Pointer, guard.Connection.HasMoved);
    }
}
