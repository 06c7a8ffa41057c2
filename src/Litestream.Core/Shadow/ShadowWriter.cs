using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;
using Microsoft.Extensions.Logging;

namespace Litestream.Shadow;

/// <summary>
/// Brings the shadow up to the live WAL: the sync() of docs/DESIGN.md. Copies frames, begins the next index when the WAL
/// has legally restarted, and begins a generation when continuity is lost.
/// </summary>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed class ShadowWriter(
    string path, MetaDirectory meta, ShadowWal shadow, ReadMarks marks, WalSyncSettings settings, TimeProvider time, ILogger logger)
{
    private const int CopyAttempts = 5;

    private readonly RestRecord _rest = new(meta, marks);

    /// <summary>The generation and index in use; null before there is one.</summary>
    public ShadowState? State { get; private set; }

    /// <summary>The chain at the end of the last index; null while that has not begun.</summary>
    public WalChain? Chain { get; private set; }

    /// <summary>
    /// False while nothing could be copied since the generation started: then nobody can have taken an image of it, and
    /// nothing is lost by beginning it anew.
    /// </summary>
    public bool HasBegun { get; private set; } = true;

    /// <summary>Whether something was captured since this was last set to false.</summary>
    public bool HasMoved { get; set; }

    /// <summary>Size of the WAL in bytes up to its last commit, as last seen.</summary>
    public long WalSizeBytes { get; private set; }

    /// <summary>Bytes captured so far, for those who measure.</summary>
    public long CopiedBytes { get; private set; }

    /// <summary>Why the last generation was started that was started here; null if none was.</summary>
    public GenerationReason? Started { get; set; }

    private ShadowFile Last => shadow.Last;

    /// <summary>Before anything of a generation has been captured there is nothing that a WAL could fail to follow.</summary>
    private ShadowState? Begun => HasBegun ? State : null;

    /// <summary>Goes on from an earlier capture in this process, whose mark was never let go of.</summary>
    public void GoOn(HeldCapture held) => (State, Chain) = (held.State, held.Chain);

    /// <summary>Goes on from the files of an earlier start, if nothing was missed since.</summary>
    /// <exception cref="ContinuityLostException">That cannot be proven.</exception>
    public void Continue()
    {
        State = meta.ReadState(out var problem);
        if (State is null)
        {
            throw problem is null
                ? new ContinuityLostException(GenerationReason.NoneYet, "there is none yet")
                : new ContinuityLostException(GenerationReason.ShadowTorn, $"the state file cannot be used: {problem}");
        }

        var recorded = shadow.Resume(State.Generation, State.Index);
        if (Continuity.Prove(State, recorded, Last, marks) is { } proven)
        {
            Advance(proven.Chain, proven.End);
        }
        else
        {
            _rest.IsKnown(State.FileHash!);
            shadow.Publish(new ReplicationPosition(State.Generation, State.Index, 0), header: null, default, State.Started);
        }

        Log.GenerationContinued(logger, path, shadow.Head!.Position);
    }

    /// <summary>Makes the shadow durable, and with it what a later start needs to go on from it.</summary>
    public void Flush()
    {
        if (State is { } state)
        {
            State = _rest.Complete(state, Chain is not null);
            Last.Flush();
            meta.WriteState(State);
        }
    }

    /// <summary>
    /// Records the file of a generation whose WAL has not begun: a database at rest may be killed, or lose its power, before
    /// anything is committed, and would cost a snapshot then. Reads a part of it at a time.
    /// </summary>
    /// <returns>False if there is more to read.</returns>
    public bool RecordFile()
    {
        if (State is not { } state)
        {
            return true;
        }

        var isDone = _rest.TryRecord(state, Chain is not null, out var recorded);
        State = recorded;
        return isDone;
    }

    /// <summary>
    /// Copies every frame up to the wal-index's maximum, and begins the next index when the WAL has restarted.
    /// </summary>
    /// <exception cref="ContinuityLostException">The WAL does not go on where the shadow ends.</exception>
    /// <exception cref="LitestreamException">The wal-index cannot be read at the moment.</exception>
    public void Copy()
    {
        settings.Pause?.Invoke();
        string? obstacle = null;
        var seen = false;
        for (var attempt = 0; attempt < CopyAttempts; attempt++)
        {
            if (!marks.Index.TryRead(out var header))
            {
                // Killed, or only without a processor at this moment.
                marks.RepairIndex();
                Thread.Yield();
                continue;
            }

            seen = true;
            if (TryCopy(header, out obstacle))
            {
                HasBegun = true;
                settings.Pause?.Invoke();
                return;
            }
        }

        throw seen
            ? new ContinuityLostException(GenerationReason.WalOverwritten, obstacle!)
            : new LitestreamException($"The wal-index of '{path}' cannot be read at the moment.", innerException: null, isTransient: true);
    }

    /// <summary>One attempt against one reading of the wal-index; false when it may have changed meanwhile.</summary>
    private bool TryCopy(WalIndexHeader header, out string? obstacle)
    {
        obstacle = null;
        if (!HasBegun && State!.Salts is { } first && first != header.Salts)
        {
            ForgetWal(); // it restarted before its first frame was copied: the generation begins with the next
        }

        if (header.MaxFrame == 0)
        {
            // Truncated: new salts, but no header yet. The next index begins at the WAL's first committed frame.
            WalSizeBytes = 0;
            if (Chain is { } captured && captured.Header.Salts == header.Salts && Last.Length > WalHeader.Size)
            {
                obstacle = "the WAL is empty under the salts of what was copied from it";
                return false;
            }

            LegalRestart.Demand(Begun, Last.Length, marks, settings);
            LegalRestart.DemandAll(Begun, header, commits: 0, marks, settings);
            return true;
        }

        WalSizeBytes = WalFormat.EndOfFrame(header.MaxFrame, header.PageSize);
        if (Chain is not { } chain || chain.Header.Salts != header.Salts)
        {
            if (WalCopier.ReadHeader(marks.File, header) is not { } walHeader)
            {
                obstacle = "the header of the WAL is not the one that the wal-index speaks of";
                return false;
            }

            BeginIndexOf(walHeader);
            chain = new WalChain(walHeader);
            settings.Pause?.Invoke();
        }

        if (Mutations.Made == Mutation.CopyPastMaxFrame)
        {
            MutatedCapture.CopyByChecksum(marks.File, Last, chain, Advance);
            return true;
        }

        var end = WalFormat.EndOfFrame(header.MaxFrame, chain.Header.PageSize);
        if (end < Last.Length)
        {
            obstacle = $"the WAL ends at {end}, before the {Last.Length} bytes that were copied from it";
            return false;
        }

        var begins = Last.Length == 0;
        obstacle = WalCopier.Copy(marks.File, Last, ref chain, Last.Length, header, out var commits);
        if (obstacle is not null)
        {
            return false;
        }

        if (begins)
        {
            LegalRestart.DemandAll(Begun, header, commits, marks, settings);
        }

        if (end > Last.Length)
        {
            Advance(chain, end);
        }

        return true;
    }

    /// <summary>Other salts than those of the shadow's last index: a new index begins.</summary>
    private void BeginIndexOf(WalHeader header)
    {
        var next = State! with { PageSize = header.PageSize, Salts = header.Salts, FileHash = null };
        if (State.Salts is { } old && old != header.Salts)
        {
            if (State.PageSize != header.PageSize)
            {
                throw new ContinuityLostException(GenerationReason.PageSizeChanged, "the page size has changed");
            }

            LegalRestart.Demand(Begun, Last.Length, marks, settings);
            if (State.Index + 1 == int.MaxValue)
            {
                throw new ContinuityLostException(GenerationReason.IndexLimit, "the last index of the format has been used");
            }

            // The state speaks of an index only when the one before is whole on the disk; and nothing here is changed
            // before the state is written, so that a full disk costs a pass and no more.
            next = next with { Index = next.Index + 1 };
            Last.Flush();
            meta.WriteState(next);
            shadow.BeginIndex(next.Generation, next.Index);
        }
        else
        {
            if (State.Salts is null)
            {
                LegalRestart.Demand(Begun, Last.Length, marks, settings);
            }

            Last.CutToPublished();
            if (next != State)
            {
                meta.WriteState(next);
            }
        }

        State = next;
        Chain = null;
        marks.RestartSeen = true;
    }

    /// <summary>Publishes what was copied.</summary>
    private void Advance(WalChain chain, long end)
    {
        var now = time.GetUtcNow();
        if (end > Last.Length)
        {
            CopiedBytes += end - Last.Length;
            Last.Publish(chain.Header, end, now);
        }

        Chain = chain;
        HasMoved = true;
        shadow.Publish(new ReplicationPosition(Last.Generation, Last.Index, end), chain.Header, chain.Checksum, now);
    }

    /// <summary>Begins afresh: index 0 is the WAL as it stands, and a snapshot will hold what was there before.</summary>
    /// <exception cref="ContinuityLostException">
    /// The generation stands, but the WAL cannot be copied from its start (<see cref="HasBegun"/> is false).
    /// </exception>
    public void StartGeneration(GenerationReason reason, string detail)
    {
        marks.Renew();
        var pageSize = marks.Index.TryRead(out var header) && WalFormat.IsPageSize(header.PageSize) ? header.PageSize : 4096;
        State = new ShadowState(Generation.NewName(), Index: 0, pageSize, reason, time.GetUtcNow());
        Chain = null;
        HasBegun = false;
        shadow.BeginIndex(State.Generation, 0);
        meta.WriteState(State);
        shadow.Publish(new ReplicationPosition(State.Generation, 0, 0), header: null, default, State.Started);
        HasMoved = true;
        Started = reason;
        Log.GenerationStarted(logger, path, State.Generation, reason.ToString(), detail);
        Copy();
    }

    /// <summary>Forgets the WAL that stands in the way of a generation that has not begun.</summary>
    public void ForgetWal()
    {
        Chain = null;
        if (State!.Salts is not null)
        {
            State = State with { Salts = null };
            meta.WriteState(State);
        }
    }
}
