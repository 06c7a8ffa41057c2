using System.Security.Cryptography;
using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;
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
    private const int CopyAttempts = 5;

    private readonly string _path;
    private readonly MetaDirectory _meta;
    private readonly WalSyncSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReadMarks _marks;
    private readonly bool _goesOn;
    private readonly Checkpointer _checkpointer;
    private readonly WalCopier _copier;
    private readonly CheckpointClock _clock;
    private ShadowState? _state;
    private WalChain? _chain;
    private bool _moved;
    private volatile ContinuityLostException? _requested;

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
        (_path, _meta, _settings, _time, _logger) = (path, meta, settings, time, logger);
        (Shadow, _marks) = (shadow, marks);
        _copier = new WalCopier(path);
        _checkpointer = new Checkpointer(_marks, Copy, time);
        _clock = new CheckpointClock(settings, time);
        if (held is not null)
        {
            (_state, _chain, _goesOn) = (held.State, held.Chain, true);
        }
    }

    /// <summary>The local copy, for workers to read.</summary>
    public ShadowWal Shadow { get; }

    /// <summary>The generation and index in use; null before <see cref="Open"/>.</summary>
    public ShadowState? State => _state;

    /// <summary>Address of the wal-index, for the watcher. Valid while a mark is held.</summary>
    public nint WalIndexPointer => _marks.Index.Pointer;

    /// <summary>Size of the WAL in bytes up to its last commit, as last seen.</summary>
    public long WalSizeBytes { get; private set; }

    /// <summary>True while a read mark of ours stands: without one nothing may be trusted, and the capture is opened anew.</summary>
    public bool HoldsMark => _marks.IsHeld;

    private ShadowFile Last => Shadow.Last;

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
                throw new ContinuityLostException(known, "there is nothing to continue");
            }

            if (!_goesOn)
            {
                ProveContinuity(ReadState());
            }

            Copy();
        }
        catch (ContinuityLostException lost)
        {
            StartGeneration(lost.Reason, lost.Message);
        }
    }

    /// <summary>ONE PASS. Copies what was committed since the last one, keeps the mark where it blocks nobody, checkpoints when due.</summary>
    /// <exception cref="DatabaseReplacedException">The file at the path is another one now.</exception>
    /// <exception cref="SqliteFailure">SQLite refused; the mark may still stand (<see cref="HoldsMark"/>).</exception>
    public WalPass RunOnce()
    {
        if (_marks.Connection.HasMoved())
        {
            throw new DatabaseReplacedException(_path);
        }

        _moved = false;
        CheckpointOutcome? outcome = null;
        try
        {
            if (_requested is { } requested)
            {
                throw requested;
            }

            Copy();
            LeaveLockZero();
            outcome = CheckpointIfDue();
        }
        catch (ContinuityLostException lost)
        {
            StartGeneration(lost.Reason, lost.Message);
        }

        return new WalPass(_moved, outcome);
    }

    /// <summary>Asks for a new generation at the next pass, unless the one named is not in use any more.</summary>
    public void RequestNewGeneration(string generation, GenerationReason reason, string detail)
    {
        if (_state?.Generation == generation)
        {
            _requested ??= new ContinuityLostException(reason, detail);
        }
    }

    /// <summary>Opens an exact image of the database; everything it contains is in the shadow.</summary>
    public DatabaseImage OpenImage(DatabaseConnection connection) =>
        DatabaseImage.Open(connection, _path, Shadow, Copy, _time.GetUtcNow());

    /// <summary>Makes the shadow durable, so that the next start can go on from it.</summary>
    public void Flush()
    {
        if (_state is not null)
        {
            Last.Flush();
            _meta.WriteState(_state);
        }
    }

    /// <summary>
    /// Ends the capture without letting go of the mark, so that nothing is lost until a later one in this process takes
    /// over. Call <see cref="Flush"/> before.
    /// </summary>
    public HeldCapture Detach()
    {
        GoIdle();
        return new HeldCapture(_marks, Shadow, _state!, _chain);
    }

    /// <summary>Gives back what an idle database does not need: the second connection and the handles of the shadow.</summary>
    public void GoIdle()
    {
        _marks.CloseSpare();
        Shadow.CloseHandles();
    }

    /// <summary>Lets go of the mark. The WAL stays, but whoever comes may restart it.</summary>
    public void Dispose()
    {
        _marks.Dispose();
        Shadow.CloseHandles();
    }

    /// <summary>How long until something is due that no commit announces: a checkpoint by time. Null: nothing is.</summary>
    public TimeSpan? NextDue() => _marks.Index.TryRead(out var header) ? _clock.NextDue(header, _marks.Mark) : null;

    private ShadowState ReadState()
    {
        _state = _meta.ReadState(out var problem);
        return _state ?? throw (problem is null
            ? new ContinuityLostException(GenerationReason.NoneYet, "there is none yet")
            : new ContinuityLostException(GenerationReason.ShadowTorn, $"the state file cannot be used: {problem}"));
    }

    /// <summary>
    /// The shadow must end at, or be completed by copying to, exactly the frame that the first mark sees. Later frames are
    /// ordinary: from then on the mark protects them.
    /// </summary>
    private void ProveContinuity(ShadowState state)
    {
        _chain = Shadow.Resume(state.Generation, state.Index);
        if (state.Index == int.MaxValue)
        {
            throw new ContinuityLostException(GenerationReason.IndexLimit, "the last index of the format has been used");
        }

        var mark = _marks.Mark;
        if (_chain is not { } chain)
        {
            throw new ContinuityLostException(GenerationReason.WalResetWhileAway, "the recorded index had not begun when replication stopped");
        }

        if (!mark.IsExact || mark.Header.MaxFrame == 0 || mark.Header.Salts != chain.Header.Salts)
        {
            throw new ContinuityLostException(
                GenerationReason.WalResetWhileAway, "the WAL was restarted or removed while nobody held it, so commits may have been missed");
        }

        if (chain.Header.PageSize != mark.Header.PageSize)
        {
            throw new ContinuityLostException(GenerationReason.PageSizeChanged, "the page size has changed");
        }

        var reached = WalFormat.EndOfFrame(mark.Header.MaxFrame, chain.Header.PageSize);
        if (Last.Length > reached)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                $"the WAL ends at {reached}, before the {Last.Length} bytes that were copied from it (a power cut can do that)");
        }

        if (_copier.Copy(_marks.File, Last, ref chain, Last.Length, mark.Header) is { } obstacle)
        {
            var reset = _marks.Index.TryRead(out var now) && now.Salts != mark.Header.Salts;
            throw new ContinuityLostException(reset ? GenerationReason.WalResetWhileAway : GenerationReason.WalOverwritten, obstacle);
        }

        Advance(chain, reached);
        Log.GenerationContinued(_logger, _path, Shadow.Head!.Position);
    }

    /// <summary>
    /// Copies every frame up to the wal-index's maximum, and begins the next index when the WAL has restarted.
    /// </summary>
    /// <exception cref="ContinuityLostException">The WAL does not go on where the shadow ends.</exception>
    private void Copy()
    {
        string? obstacle = null;
        _settings.Pause?.Invoke();
        for (var attempt = 0; attempt < CopyAttempts; attempt++)
        {
            if (!_marks.Index.TryRead(out var header))
            {
                obstacle = "the wal-index could not be read";
                continue;
            }

            if (TryCopy(header, out obstacle))
            {
                _settings.Pause?.Invoke();
                return;
            }
        }

        throw new ContinuityLostException(GenerationReason.WalOverwritten, obstacle!);
    }

    /// <summary>One attempt against one reading of the wal-index; false when it may have changed meanwhile.</summary>
    private bool TryCopy(WalIndexHeader header, out string? obstacle)
    {
        obstacle = null;
        if (header.MaxFrame == 0)
        {
            // Truncated: new salts, but no header yet. The next index begins at the WAL's first committed frame.
            WalSizeBytes = 0;
            if (_chain is { } captured && captured.Header.Salts == header.Salts && Last.Length > WalHeader.Size)
            {
                obstacle = "the WAL is empty under the salts of what was copied from it";
                return false;
            }

            DemandLegalRestart();
            return true;
        }

        WalSizeBytes = WalFormat.EndOfFrame(header.MaxFrame, header.PageSize);
        if (_chain is not { } chain || chain.Header.Salts != header.Salts)
        {
            if (WalCopier.ReadHeader(_marks.File, header) is not { } walHeader)
            {
                obstacle = "the header of the WAL is not the one that the wal-index speaks of";
                return false;
            }

            BeginIndexOf(walHeader);
            chain = new WalChain(walHeader);
        }

        var end = WalFormat.EndOfFrame(header.MaxFrame, chain.Header.PageSize);
        if (end < Last.Length)
        {
            obstacle = $"the WAL ends at {end}, before the {Last.Length} bytes that were copied from it";
            return false;
        }

        obstacle = _copier.Copy(_marks.File, Last, ref chain, Last.Length, header);
        if (obstacle is not null)
        {
            return false;
        }

        if (end > Last.Length)
        {
            Advance(chain, end);
        }

        return true;
    }

    /// <summary>
    /// The WAL has restarted. That is legal only while the mark was held on read lock 0 and everything it saw was copied;
    /// then nothing lies between the end of the shadow's index and the first frame of the new WAL.
    /// </summary>
    private void DemandLegalRestart()
    {
        if (_settings.ReleaseBeforeCheckpoint)
        {
            // Litestream v0.3.13 takes whatever it finds for the next WAL.
            return;
        }

        var mark = _marks.Mark;
        if (_chain is { } old
            && mark.Header.Salts == old.Header.Salts
            && (!mark.MayBeOnLockZero || WalFormat.EndOfFrame(mark.Header.MaxFrame, old.Header.PageSize) > Last.Length))
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                "the WAL restarted although a read mark of ours forbade it (has something in this process opened and closed the database file?)");
        }
    }

    /// <summary>Other salts than those of the shadow's last index: a new index begins.</summary>
    private void BeginIndexOf(WalHeader header)
    {
        var state = _state!;
        if (_chain is { } old)
        {
            if (old.Header.PageSize != header.PageSize)
            {
                throw new ContinuityLostException(GenerationReason.PageSizeChanged, "the page size has changed");
            }

            DemandLegalRestart();
            if (state.Index + 1 == int.MaxValue)
            {
                throw new ContinuityLostException(GenerationReason.IndexLimit, "the last index of the format has been used");
            }

            state = state with { Index = state.Index + 1 };
            Shadow.BeginIndex(state.Generation, state.Index);
        }
        else
        {
            Last.CutToPublished();
        }

        _state = state with { PageSize = header.PageSize };
        _meta.WriteState(_state);
        _chain = null;
    }

    /// <summary>Publishes what was copied.</summary>
    private void Advance(WalChain chain, long end)
    {
        var now = _time.GetUtcNow();
        if (end > Last.Length)
        {
            Last.Publish(chain.Header, end, now);
        }

        _chain = chain;
        _moved = true;
        Shadow.Publish(new ReplicationPosition(Last.Generation, Last.Index, end), chain.Header, chain.Checksum, now);
    }

    /// <summary>
    /// On read lock 0 nobody can backfill, and an application's own checkpoints grow slower with every frame: as soon as
    /// there is a frame behind the mark, move it to a lock of 1 or above.
    /// </summary>
    private void LeaveLockZero()
    {
        if (_marks.Mark.MayBeOnLockZero
            && _marks.Index.TryRead(out var header)
            && header.MaxFrame > 0
            && (header.MaxFrame != _marks.Mark.Header.MaxFrame || header.Salts != _marks.Mark.Header.Salts))
        {
            _marks.Leap(Copy);
        }
    }

    private CheckpointOutcome? CheckpointIfDue()
    {
        if (!_marks.Index.TryRead(out var header) || !_clock.IsDue(header, _marks.Mark))
        {
            return null;
        }

        CheckpointOutcome outcome;
        if (_settings.ReleaseBeforeCheckpoint)
        {
            outcome = RunUnprotected();
        }
        else
        {
            outcome = _checkpointer.RunLockFree();
        }

        if (outcome == CheckpointOutcome.Partial
            && !_settings.ReleaseBeforeCheckpoint
            && _marks.Index.TryRead(out header)
            && header.MaxFrame >= _settings.MaxCheckpointPages
            && _clock.MayTakeLock())
        {
            outcome = RunUnderWriteLock();
        }

        _clock.Ran(outcome, header);
        Copy();
        LeaveLockZero();
        return outcome;
    }

    /// <summary>What Litestream v0.3.13 does, for the test that shows what comes of it.</summary>
    private CheckpointOutcome RunUnprotected()
    {
        _marks.ReleaseUnderWriteLock(connection =>
        {
            _settings.Pause?.Invoke();
            connection.CheckpointPassive();
            _settings.Pause?.Invoke();
        });
        return CheckpointOutcome.Partial;
    }

    private CheckpointOutcome RunUnderWriteLock()
    {
        try
        {
            var outcome = _checkpointer.RunUnderWriteLock();
            Log.WriteLockHeld(_logger, _path, _checkpointer.LockHeld.TotalMilliseconds, outcome);
            return outcome;
        }
        catch (SqliteFailure failure) when (failure.IsTransient && _marks.IsHeld)
        {
            return CheckpointOutcome.Partial;
        }
    }

    /// <summary>Begins afresh: index 0 is the WAL as it stands, and a snapshot will hold what was there before.</summary>
    private void StartGeneration(GenerationReason reason, string detail)
    {
        _requested = null;
        var pageSize = _marks.Index.TryRead(out var header) && WalFormat.IsPageSize(header.PageSize) ? header.PageSize : 4096;
        _state = new ShadowState(NewName(), Index: 0, pageSize, reason, _time.GetUtcNow());
        _chain = null;
        Shadow.BeginIndex(_state.Generation, 0);
        _meta.WriteState(_state);
        Shadow.Publish(new ReplicationPosition(_state.Generation, 0, 0), header: null, default, _state.Started);
        _moved = true;
        Log.GenerationStarted(_logger, _path, _state.Generation, reason, detail);
        try
        {
            Copy();
        }
        catch (ContinuityLostException lost)
        {
            // The WAL moved under the first copy. The generation stands with an empty index; the next pass copies again.
            throw new LitestreamException($"The WAL of '{_path}' could not be read yet: {lost.Message}.", lost, isTransient: true);
        }
    }

    private static string NewName()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }
}
