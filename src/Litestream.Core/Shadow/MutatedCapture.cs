using Litestream.Diagnostics;
using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>Test only: how a capture goes wrong that makes one of the mistakes of <see cref="Mutation"/>.</summary>
internal static class MutatedCapture
{
    /// <summary>What is believed at a start, without a proof.</summary>
    /// <returns>Null if this mistake does not make it believe.</returns>
    public static (WalChain Chain, long End)? Believe(ShadowState state, WalChain? recorded, ShadowFile shadow, ReadMarks marks)
    {
        if (recorded is not { } chain || shadow.Length <= WalHeader.Size)
        {
            return null;
        }

        var (ours, theirs) = (new byte[chain.Header.FrameSize], new byte[chain.Header.FrameSize]);
        var at = shadow.Length - ours.Length;
        var isBelieved = Mutations.Made switch
        {
            Mutation.IndexWithoutMark => marks.Mark.Header.Salts != state.Salts,
            Mutation.FirstMarkUnchecked => marks.Mark.MayBeOnLockZero,
            Mutation.ResumeByLastFrame => shadow.Read(at, ours) == marks.File.ReadWal(at, theirs) && ours.AsSpan().SequenceEqual(theirs),
            _ => false,
        };
        return isBelieved ? (chain, shadow.Length) : null;
    }

    /// <summary>Copies as far as the checksums go.</summary>
    public static void CopyByChecksum(DatabaseFile file, ShadowFile shadow, WalChain chain, Action<WalChain, long> advance)
    {
        var frame = new byte[chain.Header.FrameSize];
        var end = shadow.Length;
        if (end == 0)
        {
            file.ReadWal(0, frame.AsSpan(0, WalHeader.Size));
            shadow.Write(0, frame.AsSpan(0, WalHeader.Size));
            end = WalHeader.Size;
        }

        for (; file.ReadWal(end, frame) == frame.Length && chain.Append(frame, out var read) == WalFrameState.Valid; end += frame.Length)
        {
            shadow.Write(end, frame);
            if (read.IsCommit)
            {
                advance(chain, end + frame.Length);
            }
        }
    }
}
