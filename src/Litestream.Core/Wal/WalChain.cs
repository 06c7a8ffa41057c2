namespace Litestream.Wal;

/// <summary>
/// The proof that frames follow one another without a gap: it starts with a WAL's header and takes in one frame after
/// the other, verifying salts and checksum of each. A value; copy it to remember a place.
/// </summary>
internal struct WalChain(WalHeader header)
{
    /// <summary>Continues a chain whose last frame is known.</summary>
    /// <param name="header">The header of the WAL.</param>
    /// <param name="checksum">The checksum of the last frame that was taken in.</param>
    public WalChain(WalHeader header, ChainChecksum checksum)
        : this(header) => Checksum = checksum;

    public WalHeader Header { get; } = header;

    /// <summary>The checksum of the last frame taken in; the header's before the first.</summary>
    public ChainChecksum Checksum { get; private set; } = header.Checksum;

    /// <summary>Verifies the next frame and takes it in if it is valid.</summary>
    /// <param name="frame">Exactly one frame, header and page.</param>
    /// <param name="frameHeader">The frame's fields, whatever the outcome.</param>
    public WalFrameState Append(ReadOnlySpan<byte> frame, out WalFrameHeader frameHeader)
    {
        if (frame.Length != Header.FrameSize)
        {
            throw new ArgumentException("Not exactly one frame.", nameof(frame));
        }

        frameHeader = WalFrameHeader.Parse(frame);
        if (frameHeader.Salts != Header.Salts)
        {
            return WalFrameState.OtherSalts;
        }

        var sum = WalChecksum.Compute(Checksum, frame[..8], Header.BigEndianChecksums);
        sum = WalChecksum.Compute(sum, frame[WalFrameHeader.Size..], Header.BigEndianChecksums);
        if (sum != frameHeader.Checksum)
        {
            return WalFrameState.BrokenChecksum;
        }

        Checksum = sum;
        return WalFrameState.Valid;
    }
}
