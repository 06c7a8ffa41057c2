using Litestream.Storage;

namespace Litestream.Shadow;

/// <summary>The reading side of the local copy of the WAL: what a replica's worker sees of the capture. Thread-safe.</summary>
internal interface IShadow
{
    /// <summary>How far the capture has come; null before the first generation is known.</summary>
    ShadowHead? Head { get; }

    /// <summary>The generations kept, oldest first; the last one is in use.</summary>
    IReadOnlyList<string> Generations { get; }

    /// <summary>One index of a generation; null if it is not kept (not begun, or removed since every replica has it).</summary>
    ShadowIndex? Find(string generation, int index);

    /// <summary>Reads captured bytes of an index. Fills the buffer, or stops at the end of what is captured.</summary>
    /// <returns>Bytes read.</returns>
    /// <exception cref="IOException">The index is not kept (any more), or the file could not be read.</exception>
    int Read(string generation, int index, long offset, Span<byte> buffer);

    /// <summary>The times at which commits were noticed whose end lies in (<paramref name="from"/>, <paramref name="to"/>], ascending.</summary>
    IReadOnlyList<CommitTime> CommitTimes(string generation, int index, long from, long to);
}
