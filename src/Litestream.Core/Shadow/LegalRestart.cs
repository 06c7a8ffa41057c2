using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>Whether a WAL that has restarted under our marks may be taken for the next index.</summary>
/// <remarks>
/// Read lock 0 lets the WAL restart once. That it has restarted only once the salts do not tell, and if the lock was lost
/// (something in this process has opened and closed <c>-shm</c>) a WAL may have come and gone unseen. Two things tell:
/// <list type="bullet">
/// <item>A WAL goes only after it was checkpointed, and under read lock 0 nobody may: the time at which the database file was
/// written to has to be that of the mark. It is as precise as the file system: often 4 ms, seldom a second.</item>
/// <item>SQLite counts committed transactions in the WAL-index, also across restarts: there cannot be more since the mark
/// than the new WAL holds. It begins at 0 when the WAL-index is rebuilt, and a WAL may hold more commits than transactions
/// (with <c>psow=0</c> they are padded), so alone it would not be enough either.</item>
/// </list>
/// </remarks>
internal static class LegalRestart
{
    private const string Cause = "(has something in this process opened and closed the database file or its -shm?)";

    /// <summary>
    /// The WAL has restarted. That is legal only under a mark on read lock 0, once, and when what the mark sees is all that
    /// the WAL ever held and all of it is copied: then nothing lies between the end of the shadow's index and the first
    /// frame of the new WAL.
    /// </summary>
    /// <param name="state">The generation and index in use; null before anything of it has been captured.</param>
    /// <param name="copied">Length of the shadow of that index.</param>
    /// <param name="marks">What protected the WAL.</param>
    /// <param name="settings">Whether the order of Litestream v0.3.13 is tried.</param>
    /// <exception cref="ContinuityLostException">It was not legal.</exception>
    public static void Demand(ShadowState? state, long copied, ReadMarks marks, WalSyncSettings settings)
    {
        if (state is null || IsUnchecked(settings))
        {
            return;
        }

        // A mark of other salts is either older than the index, so that a restart under it has been seen already, or was
        // taken when the WAL had become empty behind the index, which was demanded to be legal when it was taken.
        var mark = marks.Mark;
        var legal = state.Salts is not { } old
            || (mark.MayBeOnLockZero
                && (mark.Header.Salts == old
                    ? WalFormat.EndOfFrame(mark.Header.MaxFrame, state.PageSize) == copied
                    : mark.Header.MaxFrame == 0 && !marks.RestartSeen));
        if (!legal)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten, $"the WAL restarted although a read mark of ours forbade it {Cause}");
        }

        // Where the path leads to another file it tells nothing; that this is so is the next pass's to find.
        if (!marks.IsFileUntouched() && !marks.Connection.HasMoved())
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                $"the database file was written to although a read mark of ours forbade it: by somebody who is not SQLite, or from a WAL that has come and gone unseen {Cause}");
        }
    }

    /// <summary>All transactions since the mark are in the WAL that has begun since; the second thing that tells.</summary>
    /// <param name="state">The generation in use; null before anything of it has been captured.</param>
    /// <param name="header">Up to where the WAL was copied.</param>
    /// <param name="commits">How many commits it holds from its start to there.</param>
    /// <param name="marks">What protected the WAL before.</param>
    /// <param name="settings">Whether the order of Litestream v0.3.13 is tried.</param>
    /// <exception cref="ContinuityLostException">There were more.</exception>
    public static void DemandAll(ShadowState? state, WalIndexHeader header, uint commits, ReadMarks marks, WalSyncSettings settings)
    {
        if (state is null || IsUnchecked(settings))
        {
            return;
        }

        var mark = marks.Mark.Header;
        var isMarked = mark.MaxFrame > 0 && mark.Salts == header.Salts;
        if (!isMarked && unchecked((int)(header.ChangeCounter - mark.ChangeCounter)) > commits)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten, $"a WAL has come and gone unseen although a read mark of ours forbade it {Cause}");
        }
    }

    private static bool IsUnchecked(WalSyncSettings settings) =>
        settings.ReleaseBeforeCheckpoint
        || Mutations.Made is Mutation.FirstMarkUnchecked or Mutation.ResumeByLastFrame or Mutation.IndexWithoutMark;
}
