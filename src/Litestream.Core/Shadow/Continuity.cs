using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// The proof, at a start, that nothing was missed while nobody held a read mark: the shadow ends at, or can be completed by
/// copying to, exactly the frame that the first mark sees, under its salts and with its checksum. Later frames are
/// ordinary: from then on the mark protects them.
/// </summary>
internal static class Continuity
{
    /// <summary>Completes the shadow up to the first mark.</summary>
    /// <param name="state">The generation and index that are recorded.</param>
    /// <param name="recorded">The chain at the end of the shadow of that index; null if nothing of it is there.</param>
    /// <param name="shadow">The shadow's file of that index.</param>
    /// <param name="marks">The first mark is held.</param>
    /// <returns>
    /// The chain at the mark, and the offset of the frame's end there, for the caller to publish; null if the index has not
    /// begun yet, and nothing was committed.
    /// </returns>
    /// <exception cref="ContinuityLostException">It cannot be proven.</exception>
    public static (WalChain Chain, long End)? Prove(
        ShadowState state, WalChain? recorded, ShadowFile shadow, ReadMarks marks)
    {
        if (state.Index == int.MaxValue)
        {
            throw new ContinuityLostException(GenerationReason.IndexLimit, "the last index of the format has been used");
        }

        var mark = marks.Mark;
        if (state.Salts is null)
        {
            // No WAL then and none now: commits in between could have come and been checkpointed. The file tells.
            return RestingFile.IsUnder(mark) && state.FileHash is { } hash && hash == RestingFile.HashOf(marks)
                ? null
                : throw new ContinuityLostException(
                    GenerationReason.WalResetWhileAway, "the recorded index had not begun when replication stopped");
        }

        if (mark.Header.MaxFrame > 0 && mark.Header.PageSize != state.PageSize)
        {
            throw new ContinuityLostException(GenerationReason.PageSizeChanged, "the page size has changed");
        }

        if (Mutations.Made != Mutation.None && MutatedCapture.Believe(state, recorded, shadow, marks) is { } believed)
        {
            return believed;
        }

        if (!mark.IsExact || mark.Header.MaxFrame == 0 || mark.Header.Salts != state.Salts)
        {
            throw new ContinuityLostException(
                GenerationReason.WalResetWhileAway,
                "the WAL was restarted or removed while nobody held it, so commits may have been missed");
        }

        // Where nothing sound of the index is left, or it was not written yet, the WAL still holds it from its first frame.
        var chain = recorded
            ?? (WalCopier.ReadHeader(marks.File, mark.Header) is { } header ? new WalChain(header) : (WalChain?)null)
            ?? throw new ContinuityLostException(GenerationReason.WalResetWhileAway, "the WAL was restarted while it was looked at");
        if (chain.Header.Salts != mark.Header.Salts)
        {
            throw new ContinuityLostException(GenerationReason.ShadowTorn, "the shadow of the recorded index is that of another WAL");
        }

        var end = WalFormat.EndOfFrame(mark.Header.MaxFrame, chain.Header.PageSize);
        if (shadow.Length > end)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                $"the WAL ends at {end}, before the {shadow.Length} bytes that were copied from it (a power cut can do that)");
        }

        if (WalCopier.Copy(marks.File, shadow, ref chain, shadow.Length, mark.Header, out _) is { } obstacle)
        {
            // The first mark may sit on read lock 0, where one commit is enough to restart the WAL under it.
            var isTheSame = marks.Index.TryRead(out var now) && now.Salts == mark.Header.Salts;
            throw new ContinuityLostException(
                isTheSame ? GenerationReason.WalOverwritten : GenerationReason.WalResetWhileAway, obstacle);
        }

        return (chain, end);
    }
}
