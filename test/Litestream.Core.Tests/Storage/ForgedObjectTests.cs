using Litestream.Testing;

namespace Litestream.Storage;

/// <summary>Objects by somebody who can compute a checksum: read to their end or refused, in little memory, whatever they claim.</summary>
public sealed class ForgedObjectTests
{
    private const long MostMemory = 40L * 1024 * 1024;

    private static readonly byte[] s_flags = [0x40, 0x44, 0x48, 0x4C, 0x50, 0x54, 0x60, 0x64, 0x68, 0x6C, 0x70, 0x7C, 0x41, 0x80, 0xC4, 0xFF];
    private static readonly byte[] s_blockSizes = [0x40, 0x50, 0x60, 0x70, 0x00, 0x30, 0x80, 0xF0];
    private static readonly uint[] s_words = [0, 1, 5, 0x8000_0000, 0x8000_0001, 0x8000_0100, 0x0040_0000, 0x0040_0001, 0x7FFF_FFFF, 0x8040_0000, 0xFFFF_FFFF];

    [Fact]
    public void Frames_with_any_header_and_block_sizes_end_or_are_refused() => Fuzz.Sample(4000, seed =>
    {
        var random = new Random(seed);
        using var content = new MemoryStream();
        for (var frames = random.Next(1, 3); frames > 0; frames--)
        {
            WriteFrame(content, random);
        }

        var stored = content.Length;
        content.Position = 0;
        var before = GC.GetAllocatedBytesForCurrentThread();
        long length = 0;
        var read = () =>
        {
            using var decoder = Lz4Frame.OpenDecoder(content, "key");
            var buffer = new byte[4096];
            for (int count; (count = decoder.Read(buffer)) > 0;)
            {
                length += count;
            }
        };

        try
        {
            read();
        }
        catch (ReplicaCorruptedException)
        {
        }

        length.Should().BeLessThanOrEqualTo(255 * stored, "a byte of LZ4 never stands for more");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(MostMemory);
    });

    [Fact]
    public void Trailers_with_any_body_are_understood_or_damaged() => Fuzz.Sample(20_000, seed =>
    {
        var random = new Random(seed);
        var body = new byte[random.Next(0, 400)];
        random.NextBytes(body);
        for (var zeros = random.Next(0, body.Length + 1); zeros > 0; zeros--)
        {
            body[random.Next(body.Length)] = (byte)(random.Next(2) * 0xFF);
        }

        var segment = TrailerFrame.Wrap((byte)random.Next(0, 3), body, TrailerFrame.SegmentMagic);
        var snapshot = TrailerFrame.Wrap((byte)random.Next(0, 3), body, TrailerFrame.SnapshotMagic);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var first = SegmentTrailerCodec.ReadTail(segment);
        var second = SnapshotTrailerCodec.ReadTail(snapshot);

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1024 * 1024);
        if (first.Trailer is { } read)
        {
            read.Index.Should().BeGreaterThanOrEqualTo(0);
            read.Offset.Should().BeGreaterThanOrEqualTo(0);
            read.EndOffset.Should().BeGreaterThanOrEqualTo(read.Offset);
            read.Commits.Where(commit => commit.EndOffset <= read.Offset || commit.EndOffset > read.EndOffset).Should().BeEmpty();
        }

        if (second.Trailer is { } image)
        {
            image.Index.Should().BeGreaterThanOrEqualTo(0);
            image.DatabaseSize.Should().BeGreaterThanOrEqualTo(0);
            image.CoveredOffset.Should().BeGreaterThanOrEqualTo(0);
        }
    });

    private static void WriteFrame(MemoryStream content, Random random)
    {
        if (random.Next(6) == 0)
        {
            Write(content, 0x184D2A50u + (uint)random.Next(16));
            Write(content, random.Next(3) == 0 ? s_words[random.Next(s_words.Length)] : 8u);
            content.Write(new byte[8]);
        }

        byte[] descriptor = [s_flags[random.Next(s_flags.Length)], s_blockSizes[random.Next(s_blockSizes.Length)]];
        if ((descriptor[0] & 8) != 0)
        {
            var size = new byte[8];
            random.NextBytes(size);
            descriptor = [.. descriptor, .. random.Next(2) == 0 ? size : new byte[8]];
        }

        Write(content, 0x184D2204u);
        content.Write(descriptor);
        content.WriteByte(random.Next(8) == 0 ? (byte)random.Next(256) : (byte)(K4os.Hash.xxHash.XXH32.DigestOf(descriptor) >> 8));
        for (var blocks = random.Next(0, 4); blocks > 0; blocks--)
        {
            var data = new byte[random.Next(0, 300)];
            random.NextBytes(data);
            Write(content, random.Next(3) switch
            {
                0 => s_words[random.Next(s_words.Length)],
                1 => (uint)data.Length | 0x8000_0000,
                _ => (uint)data.Length,
            });
            content.Write(data);
        }

        Write(content, 0);
        Write(content, (uint)random.Next());
    }

    private static void Write(MemoryStream content, uint value) => content.Write(BitConverter.GetBytes(value));
}
