namespace Litestream.Storage;

/// <summary>
/// The data of every object on a replica: exactly one LZ4 frame, in the shape that Litestream v0.3.x writes.
/// </summary>
/// <remarks>
/// <code>
///  0  04 22 4D 18   magic
///  4  64            FLG: version 1, independent blocks, content checksum; no block checksums, content size, dictionary
///  5  70            BD: blocks of at most 4 MiB
///  6  B9            second byte of the header's xxHash32
///  7  blocks        u32 LE size (bit 31: stored as it is), data
///     00 00 00 00   end mark
///     u32 LE        xxHash32 of the content
/// </code>
/// Block checksums stay off: v0.3.13 rejects a frame that has them as the specification says. Litestream ignores what
/// follows the frame, and so do we: that is where our trailer lies (SegmentTrailer.cs).
/// https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md; docs/FORMAT.md, section 2.
/// </remarks>
internal static class Lz4Frame
{
    /// <summary>Size of the content of a full block.</summary>
    public const int BlockSize = 4 * 1024 * 1024;

    /// <summary>
    /// A stream to write content to. Disposing it writes the end of the frame, also after a failure: do not publish
    /// what came of one.
    /// </summary>
    /// <remarks>
    /// Disposing throws <see cref="InvalidOperationException"/> if nothing was written: an empty object would be taken
    /// for a cut one.
    /// </remarks>
    public static Stream OpenEncoder(Stream destination, bool leaveOpen) => new Lz4EncoderStream(destination, leaveOpen);

    /// <summary>
    /// A stream to read the content of the first frame from. It ends only after the frame's end and checksum have been
    /// seen and verified, and never looks at what follows.
    /// </summary>
    /// <param name="compressed">The object from its first byte.</param>
    /// <param name="key">The key of the object, for messages.</param>
    /// <param name="leaveOpen">False to dispose <paramref name="compressed"/> with the decoder.</param>
    /// <param name="verified">True if the caller proves the content by a hash of its own: then the frame's is not computed.</param>
    /// <remarks>
    /// Reading throws <see cref="ReplicaCorruptedException"/> for whatever is not one whole, sound and non-empty frame.
    /// A failure of <paramref name="compressed"/> itself comes through as it is. Holds at most 8 MiB of pooled buffers.
    /// </remarks>
    public static Stream OpenDecoder(Stream compressed, string key, bool leaveOpen = false, bool verified = false) =>
        new Lz4DecoderStream(compressed, key, leaveOpen, verified);
}
