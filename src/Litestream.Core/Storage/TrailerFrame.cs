using System.Buffers.Binary;
using K4os.Hash.xxHash;
using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>The wrapping of our trailers: a skippable LZ4 frame whose last bytes tell a reader where it begins.</summary>
/// <remarks>
/// <code>
///    0   4  0x184D2A5C, a skippable LZ4 frame
///    4   4  n: how many bytes follow
///    8   1  version of the body
///    9   …  body (SegmentTrailerCodec, SnapshotTrailerCodec)
///  n-12   8  xxHash64 (seed 0) of everything before it
///   n-4   4  length of the whole skippable frame, n + 8
///     n   8  "LsNetSeg" or "LsNetSnp"
/// </code>
/// All numbers are little-endian. Whatever the version: the first nine and the last twenty bytes stay where they are, and
/// a trailer is never longer than 1 MiB. docs/FORMAT.md, section 3.
/// </remarks>
internal static class TrailerFrame
{
    /// <summary>No trailer is longer, so that what a reader must hold is bounded.</summary>
    public const int MaxLength = 1024 * 1024;

    private const uint FrameMagic = 0x184D2A5C;
    private const int HeadLength = 9;
    private const int FootLength = 20;
    private const int MinLength = HeadLength + FootLength;

    // Almost every trailer fits, so that one request brings it.
    private const int TailLength = 4096;

    public static ReadOnlySpan<byte> SegmentMagic => "LsNetSeg"u8;

    public static ReadOnlySpan<byte> SnapshotMagic => "LsNetSnp"u8;

    private static ReadOnlySpan<byte> MagicPrefix => "LsNet"u8;

    /// <summary>Whether these bytes, which may be fewer than four, are how one of our trailers begins.</summary>
    public static bool Begins(ReadOnlySpan<byte> bytes)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(magic, FrameMagic);
        return magic.StartsWith(bytes[..Math.Min(bytes.Length, magic.Length)]);
    }

    /// <summary>Whether these bytes end as a trailer of ours of any version does.</summary>
    public static bool Ends(ReadOnlySpan<byte> bytes) => bytes.Length >= MinLength && bytes[^8..].StartsWith(MagicPrefix);

    /// <summary>Whether a body of this length fits.</summary>
    public static bool Fits(long bodyLength) => bodyLength <= MaxLength - MinLength;

    public static byte[] Wrap(byte version, ReadOnlySpan<byte> body, ReadOnlySpan<byte> magic)
    {
        if (!Fits(body.Length))
        {
            throw new ArgumentException("The trailer is too long.", nameof(body));
        }

        var frame = new byte[MinLength + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(frame, FrameMagic);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length - 8);
        frame[8] = version;
        body.CopyTo(frame.AsSpan(HeadLength));
        var foot = frame.AsSpan(^FootLength..);
        BinaryPrimitives.WriteUInt64LittleEndian(foot, XXH64.DigestOf(frame.AsSpan(..^FootLength)));
        BinaryPrimitives.WriteInt32LittleEndian(foot[8..], frame.Length);
        magic.CopyTo(foot[12..]);
        return frame;
    }

    /// <summary>Finds and verifies the wrapping at the end of <paramref name="tail"/>.</summary>
    /// <returns><see cref="TrailerState.Sound"/> if the body may be read, by its version.</returns>
    public static TrailerState Unwrap(
        ReadOnlySpan<byte> tail, ReadOnlySpan<byte> magic, out int length, out byte version, out ReadOnlySpan<byte> body)
    {
        (length, version) = (0, 0);
        body = default;
        if (tail.Length < MinLength || !tail[^8..].StartsWith(MagicPrefix))
        {
            return TrailerState.None;
        }

        if (!tail[^8..].SequenceEqual(magic))
        {
            return TrailerState.Damaged;
        }

        var claimed = BinaryPrimitives.ReadUInt32LittleEndian(tail[^12..]);
        if (claimed is < MinLength or > MaxLength)
        {
            return TrailerState.Damaged;
        }

        length = (int)claimed;
        if (length > tail.Length)
        {
            return TrailerState.Longer;
        }

        var frame = tail[^length..];
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) != FrameMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) != claimed - 8
            || BinaryPrimitives.ReadUInt64LittleEndian(frame[^FootLength..]) != XXH64.DigestOf(frame[..^FootLength]))
        {
            return TrailerState.Damaged;
        }

        version = frame[8];
        body = frame[HeadLength..^FootLength];
        return TrailerState.Sound;
    }

    /// <summary>Reads the end of an object: one request, and a second for a trailer of unusual length.</summary>
    public static async Task<TrailerReading<T>> ReadAsync<T>(
        IReplicaClient client, ReplicaObject source, TrailerTailReader<T> readTail, CancellationToken cancellationToken)
        where T : class
    {
        var reading = await ReadTailAsync(client, source, TailLength, readTail, cancellationToken).ConfigureAwait(false);
        if (reading.State == TrailerState.Longer && reading.Length < source.Size)
        {
            reading = await ReadTailAsync(client, source, reading.Length, readTail, cancellationToken).ConfigureAwait(false);
        }

        // A trailer follows data: one that fills its object, or claims more, describes nothing that is there.
        return reading.State == TrailerState.Longer || (reading.State == TrailerState.Sound && reading.Length >= source.Size)
            ? new TrailerReading<T>(TrailerState.Damaged)
            : reading;
    }

    private static async Task<TrailerReading<T>> ReadTailAsync<T>(
        IReplicaClient client, ReplicaObject source, int length, TrailerTailReader<T> readTail, CancellationToken cancellationToken)
        where T : class
    {
        length = (int)Math.Min(length, source.Size);
        var buffer = LargeBuffers.Rent(Math.Max(1, length));
        try
        {
            var stream = await client.OpenReadAsync(source.Key, source.Size - length, length, cancellationToken).ConfigureAwait(false);
            await using var _ = stream.ConfigureAwait(false);
            var read = await stream.ReadAtLeastAsync(buffer.AsMemory(0, length), length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            return read == length
                ? readTail(buffer.AsSpan(0, length))
                : throw new ReplicaException(
                    $"The object '{source.Key}' on the replica became shorter than the {source.Size} bytes it was listed with.", isTransient: true);
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }
}
