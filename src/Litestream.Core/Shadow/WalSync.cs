using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Shadow;

/// <summary>
/// The capture of one database: READ THIS FIRST. <see cref="Open"/> proves that the shadow goes on where it ended, or
/// starts a new generation. <see cref="RunOnce"/> is one pass: look at the wal-index, copy what is new, and checkpoint
/// when it is due.
/// </summary>
/// <remarks>
/// No frame is ever missed, because a read mark of ours is always held and is only let go of when a newer one is held and
/// everything it can see has been copied (<see cref="ReadMarks"/>). Frames are verified one by one
/// (<see cref="WalCopier"/>); whatever does not fit starts a new generation with a named reason. Used by one thread at a
/// time; <see cref="Shadow"/> may be read by any.
/// </remarks>
internal sealed class WalSync : IDisposable
{
    /// <summary>Between two parts of a file that is read at rest.</summary>
    private static readonly TimeSpan RecordPause = TimeSpan.FromMilliseconds(20);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ReadMarks _marks;
    private readonly bool _goesOn;
    private readonly ShadowWriter _writer;
    private readonly CheckpointRound _checkpoints;
    private volatile ContinuityLostException? _requested;
    private long _talliedBytes;
    private bool _isRecorded = true;

    /// <param name="path">The database.</param>
    /// <param name="meta">The folder of what is ours; this process holds its lock.</param>
    /// <param name="shadow">The local copy, which outlives a capture that has to be opened anew.</param>
    /// <param name="marks">The marks: new ones, or those of an earlier capture that ended with <see cref="Detach"/>.</param>
    /// <param name="held">What the earlier capture left with its marks still held; null for a start from the files.</param>
    /// <param name="settings">When to checkpoint.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told about generations.</param>
    public WalSync(
        string path, MetaDirectory meta, ShadowWal shadow, ReadMarks marks, HeldCapture? held, WalSyncSettings settings, TimeProvider time, ILogger logger)
    {
        (_path, _time) = (path, time);
        (Shadow, _marks) = (shadow, marks);
        _writer = new ShadowWriter(path, meta, shadow, marks, settings, time, logger);
        _checkpoints = new CheckpointRound(path, marks, _writer.Copy, settings, time, logger);
        if (held is not null)
        {
            _writer.GoOn(held);
            _goesOn = true;
        }
    }

    /// <summary>The local copy, for workers to read.</summary>
    public ShadowWal Shadow { get; }

    /// <summary>The generation and index in use; null before <see cref="Open"/>.</summary>
    public ShadowState? State => _writer.State;

    /// <summary>Address of the wal-index, for the watcher. Valid while a mark is held.</summary>
    public nint WalIndexPointer => _marks.Index.Pointer;

    /// <summary>Size of the WAL in bytes up to its last commit, as last seen.</summary>
    public long WalSizeBytes => _writer.WalSizeBytes;

    /// <summary>Since when the WAL is above its hard limit and cannot be brought below it; null while it can.</summary>
    public DateTimeOffset? WalOverLimitSince => _checkpoints.OverLimitSince;

    /// <summary>True once the file at the path is another one than the one that is captured.</summary>
    public bool HasMoved() => _marks.Connection.HasMoved();

    /// <summary>True while a read mark of ours stands: without one nothing may be trusted, and the capture is opened anew.</summary>
    public bool HoldsMark => _marks.IsHeld;

    /// <summary>
    /// Takes the first mark and goes on with the recorded generation if, and only if, the shadow reaches exactly the frame
    /// that the mark sees, under its salts and with its checksum. Else a new generation starts.
    /// </summary>
    /// <param name="restart">Why there is nothing to continue in any case; null if there may be.</param>
    public void Open(GenerationReason? restart = null)
    {
        if (!_goesOn)
        {
            _marks.Begin();
        }

        try
        {
            if (restart is { } known)
            {
                throw new ContinuityLostException(
                    known,
                    known == GenerationReason.Restored ? "the database has just been restored" : "the file at its path is another one now");
            }

            if (!_goesOn)
            {
                _writer.Continue();
            }

            _writer.Copy();
        }
        catch (ContinuityLostException lost)
        {
            StartGeneration(lost.Reason, lost.Message);
        }
    }

    /// <summary>ONE PASS. Copies what was committed since the last one, keeps the mark where it blocks nobody, checkpoints when due.</summary>
    /// <param name="copied">Called before a checkpoint, which takes its time: what has been copied can go on its way. Must not throw.</param>
    /// <exception cref="DatabaseReplacedException">The file at the path is another one now.</exception>
    /// <exception cref="SqliteFailure">SQLite refused; the mark may still stand (<see cref="HoldsMark"/>).</exception>
    public WalPass RunOnce(Action? copied = null)
    {
        if (_marks.Connection.HasMoved())
        {
            throw new DatabaseReplacedException(_path);
        }

        _writer.HasMoved = false;
        CheckpointOutcome? outcome = null;
        try
        {
            if (_requested is { } requested)
            {
                throw requested;
            }

            _writer.Copy();
            _checkpoints.LeaveLockZero();
            copied?.Invoke();
            outcome = _checkpoints.RunIfDue();
        }
        catch (ContinuityLostException lost) when (!_writer.HasBegun)
        {
            BeginBehindWal(lost);
        }
        catch (ContinuityLostException lost)
        {
            StartGeneration(lost.Reason, lost.Message);
        }

        return new WalPass(_writer.HasMoved, outcome);
    }

    /// <summary>Asks for a new generation at the next pass, unless the one named is not in use any more.</summary>
    public void RequestNewGeneration(string generation, GenerationReason reason, string detail)
    {
        if (State?.Generation == generation)
        {
            _requested ??= new ContinuityLostException(reason, detail);
        }
    }

    /// <summary>Opens an exact image of the database; everything it contains is in the shadow.</summary>
    /// <exception cref="LitestreamException">It could not be taken now; transient.</exception>
    public DatabaseImage OpenImage(DatabaseConnection connection)
    {
        try
        {
            return DatabaseImage.Open(connection, _path, Shadow, _writer.Copy, _time);
        }
        catch (ContinuityLostException lost)
        {
            // The next pass draws the conclusion.
            if (_writer.HasBegun)
            {
                _requested ??= lost;
            }

            throw new LitestreamException($"No image of '{_path}' could be taken: {lost.Message}.", lost, isTransient: true);
        }
    }

    /// <summary>What was done since this was last called.</summary>
    public CaptureTally TakeTally()
    {
        var tally = new CaptureTally(_writer.CopiedBytes - _talliedBytes, _writer.Started, _checkpoints.Last);
        (_talliedBytes, _writer.Started, _checkpoints.Last) = (_writer.CopiedBytes, null, null);
        return tally;
    }

    /// <summary>Makes the shadow durable, so that the next start can go on from it.</summary>
    public void Flush() => _writer.Flush();

    /// <summary>
    /// Ends the capture without letting go of the mark, so that nothing is lost until a later one in this process takes
    /// over. Call <see cref="Flush"/> before.
    /// </summary>
    public HeldCapture Detach()
    {
        CloseSpares();
        return new HeldCapture(_marks, Shadow, State!, _writer.Chain);
    }

    /// <summary>
    /// Gives back what an idle database does not need, the second connection and the handles of the shadow; and records, once
    /// for a generation, what a start after a kill needs if there is no WAL yet.
    /// </summary>
    public void GoIdle()
    {
        _isRecorded = _writer.RecordFile();
        CloseSpares();
    }

    /// <summary>Lets go of the mark. The WAL stays, but whoever comes may restart it.</summary>
    public void Dispose()
    {
        _marks.Dispose();
        Shadow.CloseHandles();
    }

    /// <summary>How long until something is due that no commit announces: a checkpoint by time, or more of a file that is read at rest. Null: nothing is.</summary>
    public TimeSpan? NextDue() => _isRecorded ? _checkpoints.NextDue() : RecordPause;

    private void CloseSpares()
    {
        _marks.CloseSpare();
        Shadow.CloseHandles();
    }

    /// <summary>Begins afresh; a request for that is thereby met.</summary>
    private void StartGeneration(GenerationReason reason, string detail)
    {
        _requested = null;
        try
        {
            _writer.StartGeneration(reason, detail);
        }
        catch (ContinuityLostException lost)
        {
            BeginBehindWal(lost);
        }
    }

    /// <summary>
    /// The WAL cannot be captured from its start: SQLite 3.40.1 commits frames without salts and checksum after it has rolled
    /// back a savepoint, and past 4 GiB this format has no names. Held by our mark such a WAL would stay for ever. Nothing
    /// of this generation has been captured, nor can anybody have taken an image of it: so everything goes into the
    /// database, the WAL is emptied, and the generation begins behind it.
    /// </summary>
    private void BeginBehindWal(ContinuityLostException obstacle)
    {
        _writer.ForgetWal();
        try
        {
            if (_checkpoints.TryEmptyWal())
            {
                _writer.Copy();
                return;
            }
        }
        catch (ContinuityLostException lost)
        {
            obstacle = lost;
        }

        throw new LitestreamException($"The WAL of '{_path}' cannot be captured yet: {obstacle.Message}.", obstacle, isTransient: true);
    }
}
