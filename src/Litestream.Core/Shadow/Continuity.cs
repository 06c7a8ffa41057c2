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
    /// <param name="recorded">The chain at the end of the shadow of that index; null if it had not begun.</param>
    /// <param name="shadow">The shadow's file of that index.</param>
    /// <param name="marks">The first mark is held.</param>
    /// <param name="copier">Copies and verifies.</param>
    /// <returns>The chain at the mark, and the offset of the frame's end there. The caller publishes it.</returns>
    /// <exception cref="ContinuityLostException">It cannot be proven.</exception>
    public static (WalChain Chain, long End) Prove(
        ShadowState state, WalChain? recorded, ShadowFile shadow, ReadMarks marks, WalCopier copier)
    {
        if (state.Index == int.MaxValue)
        {
            throw new ContinuityLostException(GenerationReason.IndexLimit, "the last index of the format has been used");
        }

        if (recorded is not { } chain)
        {
            throw new ContinuityLostException(
                GenerationReason.WalResetWhileAway, "the recorded index had not begun when replication stopped");
        }

        var mark = marks.Mark;
        if (!mark.IsExact || mark.Header.MaxFrame == 0 || mark.Header.Salts != chain.Header.Salts)
        {
            throw new ContinuityLostException(
                GenerationReason.WalResetWhileAway,
                "the WAL was restarted or removed while nobody held it, so commits may have been missed");
        }

        if (chain.Header.PageSize != mark.Header.PageSize)
        {
            throw new ContinuityLostException(GenerationReason.PageSizeChanged, "the page size has changed");
        }

        var end = WalFormat.EndOfFrame(mark.Header.MaxFrame, chain.Header.PageSize);
        if (shadow.Length > end)
        {
            throw new ContinuityLostException(
                GenerationReason.WalOverwritten,
                $"the WAL ends at {end}, before the {shadow.Length} bytes that were copied from it (a power cut can do that)");
        }

        if (copier.Copy(marks.File, shadow, ref chain, shadow.Length, mark.Header) is { } obstacle)
        {
            // The first mark may sit on read lock 0, where one commit is enough to restart the WAL under it.
            var reset = marks.Index.TryRead(out var now) && now.Salts != mark.Header.Salts;
            throw new ContinuityLostException(
                reset ? GenerationReason.WalResetWhileAway : GenerationReason.WalOverwritten, obstacle);
        }

        return (chain, end);
    }
}
