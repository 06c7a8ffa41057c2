namespace Litestream.Wal;

/// <summary>
/// Reads raw bytes of a WAL frame by frame and verifies each; stops for good at the first that does not follow from the
/// one before. Allocates nothing. Longer WALs are read in pieces: the next begins at what this one did not consume, with
/// <see cref="Chain"/>.
/// </summary>
internal ref struct WalReader
{
    private readonly ReadOnlySpan<byte> _bytes;
    private WalChain _chain;

    /// <summary>Goes on in the middle of a WAL.</summary>
    /// <param name="bytes">Whole frames, as many as there are; a part of one at the end is left alone.</param>
    /// <param name="chain">The chain up to where the bytes begin.</param>
    public WalReader(ReadOnlySpan<byte> bytes, WalChain chain)
    {
        _bytes = bytes;
        _chain = chain;
    }

    /// <summary>The chain up to the last frame that was yielded.</summary>
    public readonly WalChain Chain => _chain;

    /// <summary>How many of the bytes were sound: the header, if they begin with it, and the frames yielded.</summary>
    public int Consumed { get; private set; }

    /// <summary>Why <see cref="Read"/> returned false.</summary>
    public WalReadEnd End { get; private set; }

    /// <summary>Reads a WAL from its header on.</summary>
    /// <returns>False if the bytes do not begin with a sound header. SQLite takes such a WAL as empty.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> wal, out WalReader reader)
    {
        var isSound = WalHeader.TryParse(wal, out var header);
        reader = isSound ? new WalReader(wal, new WalChain(header)) { Consumed = WalHeader.Size } : default;
        return isSound;
    }

    /// <summary>Yields the next sound frame.</summary>
    /// <param name="frame">Its header.</param>
    /// <param name="page">Its page; lies in the bytes being read.</param>
    /// <returns>False at the <see cref="End"/>.</returns>
    public bool Read(out WalFrameHeader frame, out ReadOnlySpan<byte> page)
    {
        frame = default;
        page = default;
        var left = _bytes[Consumed..];
        var frameSize = _chain.Header.FrameSize;
        if (End == WalReadEnd.None)
        {
            End = left.IsEmpty ? WalReadEnd.EndOfData
                : left.Length < frameSize ? WalReadEnd.ShortFrame
                : _chain.Append(left[..frameSize], out frame) switch
                {
                    WalFrameState.OtherSalts => WalReadEnd.OtherSalts,
                    WalFrameState.BrokenChecksum => WalReadEnd.BrokenChecksum,
                    _ => WalReadEnd.None,
                };
        }

        if (End != WalReadEnd.None)
        {
            frame = default;
            return false;
        }

        page = left[WalFrameHeader.Size..frameSize];
        Consumed += frameSize;
        return true;
    }
}
