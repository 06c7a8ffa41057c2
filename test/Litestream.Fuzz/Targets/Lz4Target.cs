using System.Buffers.Binary;
using K4os.Hash.xxHash;
using Litestream.Storage;

namespace Litestream.Fuzz.Targets;

/// <summary>
/// An LZ4 frame, read whole and in small pieces: both give the same, or both refuse. The first byte says whether the checksum
/// of the header is mended, and how small the pieces are.
/// </summary>
internal static class Lz4Target
{
    private const long MostMemory = 64L << 20;

    public static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var (settings, frame) = (input[0], input[1..]);
        if ((settings & 1) == 0)
        {
            MendHeader(frame);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var whole = Read(frame, 64 << 10);
        FuzzTarget.Demand(GC.GetAllocatedBytesForCurrentThread() - before < MostMemory, "it took too much memory");
        var pieces = Read(frame, 1 + (settings >> 1));
        FuzzTarget.Demand(whole == pieces, $"in pieces it gives {pieces}, whole {whole}");
        FuzzTarget.Demand(whole.Length <= 255L * frame.Length, "a byte of LZ4 never stands for more than 255");
    }

    public static IEnumerable<byte[]> Seeds()
    {
        foreach (var content in new[] { FuzzTarget.Text("the quick brown fox jumps over the lazy dog"), new byte[3000] })
        {
            using var stream = new MemoryStream();
            stream.WriteByte(6);
            using (var encoder = Lz4Frame.OpenEncoder(stream, leaveOpen: true))
            {
                encoder.Write(content);
            }

            yield return stream.ToArray();
        }

        // Two frames, one that may be skipped between them; blocks that are stored, chained, and have checksums.
        yield return [6, 4, 0x22, 0x4D, 0x18, 0x40, 0x40, 0xC0, 3, 0, 0, 0x80, 1, 2, 3, 0, 0, 0, 0, 0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9, 4, 0x22, 0x4D, 0x18, 0x50, 0x40, 0, 1, 0, 0, 0x80, 7, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static (long Length, ulong Hash, bool Refused) Read(byte[] frame, int piece)
    {
        var (length, hash) = (0L, new XXH64());
        try
        {
            using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(frame), "key");
            var buffer = new byte[piece];
            for (int count; (count = decoder.Read(buffer)) > 0; length += count)
            {
                hash.Update(buffer.AsSpan(0, count));
            }

            return (length, hash.Digest(), false);
        }
        catch (ReplicaCorruptedException)
        {
            // How much of it came out before the damage was seen depends on how much was asked for at a time.
            return (0, 0, true);
        }
    }

    private static void MendHeader(Span<byte> frame)
    {
        if (frame.Length >= 7 && BinaryPrimitives.ReadUInt32LittleEndian(frame) == 0x184D2204)
        {
            var length = 2 + ((frame[4] & 8) != 0 ? 8 : 0) + ((frame[4] & 1) != 0 ? 4 : 0);
            if (frame.Length > 4 + length)
            {
                frame[4 + length] = (byte)(XXH32.DigestOf(frame.Slice(4, length)) >> 8);
            }
        }
    }
}
