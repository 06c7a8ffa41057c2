using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>Whether a WAL that has restarted under our marks may be taken for the next index.</summary>
internal static class LegalRestart
{
    /// <summary>
    /// The WAL has restarted. That is legal only under a mark on read lock 0, once, and when what the mark sees is all that
    /// the WAL ever held and all of it is copied: then nothing lies between the end of the shadow's index and the first
    /// frame of the new WAL.
    /// </summary>
    /// <param name="state">The generation and index in use; null before there is one.</param>
    /// <param name="copied">Length of the shadow of that index.</param>
    /// <param name="marks">What protected the WAL.</param>
    /// <param name="settings">Whether the order of Litestream v0.3.13 is tried.</param>
    /// <exception cref="ContinuityLostException">It was not legal.</exception>
    public static void Demand(ShadowState? state, long copied, ReadMarks marks, WalSyncSettings settings)
    {
        if (state?.Salts is not { } old
            || settings.ReleaseBeforeCheckpoint
            || Mutations.Made is Mutation.FirstMarkUnchecked or Mutation.ResumeByLastFrame or Mutation.IndexWithoutMark)
        {
            // Nothing to go on from yet; or Litestream v0.3.13, which takes whatever it finds for the next WAL.
            return;
        }

        // A mark of other salts is either older than the index, so that a restart under it has been seen already, or was
        // taken when the WAL had become empty behind the index, which was demanded to be legal when it was taken.
        var mark = marks.Mark;
        var legal = mark.MayBeOnLockZero
            && (mark.Header.Salts == old
                ? WalFormat.EndOfFrame(mark.Header.MaxFrame, state.PageSize) == copied
                : mark.Header.MaxFrame == 0 && !marks.RestartSeen);
        if (!legal)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                "the WAL restarted although a read mark of ours forbade it (has something in this process opened and closed the database file?)");
        }
    }
}
