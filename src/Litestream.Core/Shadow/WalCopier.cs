using Litestream.Sqlite;
using Litestream.Wal;

namespace Litestream.Shadow;

/// <summary>
/// Copies frames of the live WAL into the shadow, up to what the wal-index says is committed, verifying every one.
/// </summary>
/// <remarks>
/// Up to <see cref="WalIndexHeader.MaxFrame"/> and not up to the last good checksum: a writer that was killed can leave a
/// valid commit frame that SQLite will overwrite.
/// </remarks>
internal static class WalCopier
{
    private const int ChunkBytes = 1 << 20;

    /// <summary>Reads and verifies the header of the live WAL.</summary>
    /// <returns>Null if its salts are not those the wal-index said: the WAL restarted meanwhile, look again.</returns>
    public static WalHeader? ReadHeader(DatabaseFile file, WalIndexHeader expected)
    {
        Span<byte> bytes = stackalloc byte[WalHeader.Size];
        return file.ReadWal(0, bytes) == bytes.Length
            && WalHeader.TryParse(bytes, out var header)
            && header.Salts == expected.Salts
                ? header
                : null;
    }

    /// <summary>Copies what lies between <paramref name="offset"/> and the end of the wal-index's last frame.</summary>
    /// <param name="file">The live WAL.</param>
    /// <param name="shadow">Receives the frames, unpublished; the header too if <paramref name="offset"/> is 0.</param>
    /// <param name="chain">The chain at <paramref name="offset"/>; at the end on return.</param>
    /// <param name="offset">0, or the end of a frame.</param>
    /// <param name="until">The wal-index.</param>
    /// <param name="commits">How many of the frames end a transaction.</param>
    /// <exception cref="ContinuityLostException">The WAL is longer than the format can name.</exception>
    /// <returns>What stood in the way: null if nothing did and the chain ends in the wal-index's checksum.</returns>
    public static string? Copy(
        DatabaseFile file, ShadowFile shadow, ref WalChain chain, long offset, WalIndexHeader until, out uint commits)
    {
        commits = 0;
        var frameSize = chain.Header.FrameSize;
        var end = WalFormat.EndOfFrame(until.MaxFrame, chain.Header.PageSize);
        if (end > WalFormat.MaxOffset)
        {
            throw new ContinuityLostException(
                GenerationReason.IndexLimit,
                "the WAL has grown past 4 GiB, where offsets of this format end; nothing more is captured until it has restarted, "
                + "so end the reader or the transaction that keeps it");
        }

        var buffer = LargeBuffers.Rent(Math.Max(ChunkBytes / frameSize, 1) * frameSize);
        try
        {
            if (offset == 0)
            {
                if (file.ReadWal(0, buffer.AsSpan(0, WalHeader.Size)) != WalHeader.Size)
                {
                    return "the WAL has no header";
                }

                shadow.Write(0, buffer.AsSpan(0, WalHeader.Size));
                offset = WalHeader.Size;
            }

            while (offset < end)
            {
                var wanted = (int)Math.Min(end - offset, buffer.Length / frameSize * frameSize);
                if (file.ReadWal(offset, buffer.AsSpan(0, wanted)) != wanted)
                {
                    return $"the WAL ends before offset {end}";
                }

                for (var at = 0; at < wanted; at += frameSize)
                {
                    var state = chain.Append(buffer.AsSpan(at, frameSize), out var frame);
                    if (state != WalFrameState.Valid)
                    {
                        return $"the frame at offset {offset + at} of the WAL is not the next one ({state})";
                    }

                    commits += frame.IsCommit ? 1u : 0;
                }

                shadow.Write(offset, buffer.AsSpan(0, wanted));
                offset += wanted;
            }
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }

        return chain.Checksum == until.FrameChecksum
            ? null
            : "the chain of frames does not end in the checksum that the wal-index has";
    }
}
