using System.Text;
using System.Text.Json;
using K4os.Compression.LZ4;
using K4os.Compression.LZ4.Internal;
using K4os.Compression.LZ4.Streams;
using K4os.Hash.xxHash;
using Litestream.Storage;

namespace Litestream.Core.Tests.Storage;

public class Lz4FrameTests
{
    private const string Key = "generations/0123456789abcdef/wal/00000001_00000000.wal.lz4";

    public static TheoryData<string> AcceptedVariants()
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", "k_lz4_variants.json")));
        var variants = new TheoryData<string>();
        foreach (var result in golden.RootElement.GetProperty("results").EnumerateArray())
        {
            if (result.GetProperty("exit").GetInt32() == 0 && result.GetProperty("same_data").GetBoolean())
            {
                variants.Add(result.GetProperty("variant").GetString()!);
            }
        }

        return variants;
    }

    [Theory]
    [MemberData(nameof(AcceptedVariants))]
    public async Task Reads_every_shape_that_litestream_reads_except_legacy_frames(string variant)
    {
        var content = SemiText(700_000);
        var compressed = EncodeVariant(variant, content);

        var decode = () => DecodeAsync(compressed);

        if (variant == "legacy_frame")
        {
            (await decode.Should().ThrowAsync<ReplicaCorruptedException>()).WithMessage("*legacy*");
        }
        else
        {
            (await decode()).Should().Equal(content);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(Lz4Frame.BlockSize)]
    [InlineData(Lz4Frame.BlockSize + 1)]
    [InlineData((2 * Lz4Frame.BlockSize) + 12345)]
    public async Task Returns_what_was_written(int length)
    {
        var content = SemiText(length);

        var compressed = await EncodeAsync(content);

        (await DecodeAsync(compressed)).Should().Equal(content);
        DecodeSync(compressed).Should().Equal(content);
    }

    [Fact]
    public async Task Returns_what_cannot_be_compressed()
    {
        var content = new byte[300_000];
        new Random(1).NextBytes(content);

        (await DecodeAsync(await EncodeAsync(content))).Should().Equal(content);
    }

    [Fact]
    public async Task Writes_the_header_that_litestream_writes()
    {
        var compressed = await EncodeAsync([1, 2, 3]);

        Convert.ToHexString(compressed[..7]).Should().Be("04224D186470B9");
    }

    [Fact]
    public async Task Refuses_to_write_nothing()
    {
        var encode = () => EncodeAsync([]);

        await encode.Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task Leaves_the_destination_open_only_when_asked_to()
    {
        var kept = new MemoryStream();
        var closed = new MemoryStream();

        await using (var encoder = Lz4Frame.OpenEncoder(kept, leaveOpen: true))
        {
            encoder.WriteByte(1);
        }

        await using (var encoder = Lz4Frame.OpenEncoder(closed, leaveOpen: false))
        {
            encoder.WriteByte(1);
        }

        kept.CanWrite.Should().BeTrue();
        closed.CanWrite.Should().BeFalse();
    }

    [Fact]
    public async Task Does_not_look_at_what_follows_the_frame()
    {
        var content = SemiText(100_000);
        var first = await EncodeAsync(content);
        using var stream = new MemoryStream([.. first, .. await EncodeAsync(SemiText(50_000)), 1, 2, 3]);

        await using var decoder = Lz4Frame.OpenDecoder(stream, Key, leaveOpen: true);
        using var decoded = new MemoryStream();
        await decoder.CopyToAsync(decoded);

        decoded.ToArray().Should().Equal(content);
        stream.Position.Should().Be(first.Length);
    }

    [Fact]
    public async Task Reads_an_empty_stored_block_before_the_end()
    {
        var content = SemiText(1000);
        var compressed = await EncodeAsync(content);
        byte[] withEmptyBlock = [.. compressed[..^8], 0, 0, 0, 0x80, .. compressed[^8..]];

        (await DecodeAsync(withEmptyBlock)).Should().Equal(content);
    }

    [Fact]
    public async Task Reads_block_checksums()
    {
        var content = SemiText(300_000);
        var compressed = Encode(content, new LZ4EncoderSettings { BlockChecksum = true, BlockSize = Mem.K64 });

        (await DecodeAsync(compressed)).Should().Equal(content);

        // The last byte before the end mark and the missing content checksum belongs to the last block's checksum.
        compressed[^5] ^= 1;
        await ShouldBeCorrupted(compressed, "*block's checksum*");
    }

    [Theory]
    [InlineData(false, 100)]
    [InlineData(true, 100)]
    [InlineData(false, 200_000)]
    public async Task An_object_cut_anywhere_is_damaged(bool linked, int length)
    {
        var compressed = Encode(SemiText(length), new LZ4EncoderSettings { ChainBlocks = linked, BlockSize = Mem.K64, ContentChecksum = true });
        var step = Math.Max(1, compressed.Length / 500);

        for (var cut = 0; cut < compressed.Length; cut += step)
        {
            await ShouldBeCorrupted(compressed[..cut], $"*{Key}*");
        }

        await ShouldBeCorrupted(compressed[..^1], "*ends in the middle*");
        await ShouldBeCorrupted(compressed[..^4], "*ends in the middle*");
    }

    [Fact]
    public async Task A_flipped_bit_is_found_or_changes_nothing()
    {
        var content = SemiText(3000);
        var compressed = await EncodeAsync(content);
        var found = 0;

        for (var bit = 0; bit < compressed.Length * 8; bit++)
        {
            var damaged = compressed.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));

            try
            {
                // A match may come to point at other bytes that are the same.
                (await DecodeAsync(damaged)).Should().Equal(content);
            }
            catch (ReplicaCorruptedException)
            {
                found++;
            }
        }

        found.Should().BeGreaterThan(compressed.Length * 7);
    }

    [Fact]
    public async Task A_content_size_that_is_not_kept_is_damage() =>
        await ShouldBeCorrupted(WithContentSize(await EncodeAsync(SemiText(1000)), 1001), "*should hold 1001 bytes and holds 1000*");

    [Fact]
    public async Task An_empty_object_is_damaged() => await ShouldBeCorrupted([], "*is empty*");

    [Fact]
    public async Task A_frame_that_holds_nothing_is_damaged()
    {
        var compressed = await EncodeAsync([1]);
        byte[] nothing = [.. compressed[..7], 0, 0, 0, 0, 0x05, 0x5D, 0xCC, 0x02];

        await ShouldBeCorrupted(nothing, "*holds nothing*");
    }

    [Fact]
    public async Task A_lone_skippable_frame_is_damaged() =>
        await ShouldBeCorrupted([0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 1, 2], "*ends in the middle*");

    [Fact]
    public async Task A_huge_skippable_frame_needs_no_memory() =>
        await ShouldBeCorrupted([0x50, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2], "*ends in the middle*");

    [Fact]
    public async Task A_block_larger_than_the_frame_allows_is_damaged()
    {
        var compressed = await EncodeAsync(SemiText(1000));
        (compressed[7], compressed[8], compressed[9], compressed[10]) = (1, 0, 0x40, 0);

        await ShouldBeCorrupted(compressed, "*larger than the frame allows*");
    }

    [Fact]
    public async Task An_encrypted_object_says_so() =>
        await ShouldBeCorrupted(Encoding.ASCII.GetBytes("age-encryption.org/v1\n-> X25519 abc\n"), "*age*decrypt*");

    [Fact]
    public async Task A_failure_of_the_store_comes_through_and_ends_the_stream()
    {
        var compressed = await EncodeAsync(SemiText(100_000));
        await using var decoder = Lz4Frame.OpenDecoder(new FailingStream(compressed, failAt: compressed.Length / 2), Key);
        var read = () => decoder.CopyToAsync(Stream.Null);

        await read.Should().ThrowAsync<IOException>().WithMessage("gone");
        await read.Should().ThrowAsync<InvalidOperationException>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData((4 << 20) - 1)]
    [InlineData(4 << 20)]
    [InlineData((4 << 20) + 1)]
    [InlineData(9_000_000)]
    public async Task A_frame_is_byte_for_byte_what_the_encoder_of_K4os_makes(int length)
    {
        var settings = new LZ4EncoderSettings { ChainBlocks = false, BlockSize = Mem.M4, ContentChecksum = true };
        var noise = new byte[length];
        new Random(length).NextBytes(noise);
        foreach (var content in new[] { SemiText(length), noise })
        {
            (await EncodeAsync(content)).AsSpan().SequenceEqual(Encode(content, settings)).Should().BeTrue();
            using var destination = new MemoryStream();
            using (var encoder = Lz4Frame.OpenEncoder(destination, leaveOpen: true))
            {
                encoder.Write(content.AsSpan(0, 1));
                encoder.Write(content.AsSpan(1));
            }

            destination.ToArray().AsSpan().SequenceEqual(Encode(content, settings)).Should().BeTrue();
        }
    }

    [Fact]
    public void An_object_of_a_few_bytes_takes_no_memory_of_a_whole_block()
    {
        using var destination = new MemoryStream();
        var before = GC.GetAllocatedBytesForCurrentThread();

        using (var encoder = Lz4Frame.OpenEncoder(destination, leaveOpen: true))
        {
            encoder.Write("a few bytes"u8);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
    }

    internal static async Task<byte[]> EncodeAsync(byte[] content)
    {
        using var destination = new MemoryStream();
        await using (var encoder = Lz4Frame.OpenEncoder(destination, leaveOpen: true))
        {
            await encoder.WriteAsync(content.AsMemory(0, content.Length / 3));
            await encoder.FlushAsync();
            await encoder.WriteAsync(content.AsMemory(content.Length / 3));
        }

        return destination.ToArray();
    }

    private static byte[] Encode(byte[] content, LZ4EncoderSettings settings)
    {
        using var destination = new MemoryStream();
        using (var encoder = LZ4Stream.Encode(destination, settings, leaveOpen: true))
        {
            encoder.Write(content);
        }

        return destination.ToArray();
    }

    private static byte[] EncodeVariant(string variant, byte[] content)
    {
        var plain = new LZ4EncoderSettings { ChainBlocks = false, BlockSize = Mem.M4, ContentChecksum = true };
        byte[] skippable = [0x5F, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9];
        return variant switch
        {
            "block_64k_independent" => Encode(content, new() { ChainBlocks = false, BlockSize = Mem.K64, ContentChecksum = true }),
            "block_64k_linked" => Encode(content, new() { ChainBlocks = true, BlockSize = Mem.K64, ContentChecksum = true }),
            "block_4m_independent" => Encode(content, plain),
            "content_size" => WithContentSize(Encode(content, plain), content.Length),
            "no_content_checksum" => Encode(content, new() { BlockSize = Mem.K256, ContentChecksum = false }),
            "high_compression" => Encode(content, new() { CompressionLevel = LZ4Level.L12_MAX, BlockSize = Mem.M4, ContentChecksum = true }),
            "legacy_frame" => [0x02, 0x21, 0x4C, 0x18, 1, 0, 0, 0, 0],
            "skippable_frame_before" => [.. skippable, .. skippable, .. Encode(content, plain)],
            "skippable_frame_after" => [.. Encode(content, plain), .. skippable],
            "garbage_after" => [.. Encode(content, plain), 1, 2, 3, 4, 5],
            _ => throw new ArgumentException($"A new variant in the golden file: {variant}.", nameof(variant)),
        };
    }

    private static byte[] WithContentSize(byte[] compressed, long size)
    {
        byte[] header = [(byte)(compressed[4] | 0x08), compressed[5], .. BitConverter.GetBytes(size)];
        return [.. compressed[..4], .. header, (byte)(XXH32.DigestOf(header) >> 8), .. compressed[7..]];
    }

    private static async Task<byte[]> DecodeAsync(byte[] compressed)
    {
        await using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(compressed), Key);
        using var content = new MemoryStream();
        await decoder.CopyToAsync(content);
        return content.ToArray();
    }

    private static byte[] DecodeSync(byte[] compressed)
    {
        using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(compressed), Key);
        using var content = new MemoryStream();
        decoder.CopyTo(content);
        return content.ToArray();
    }

    private static async Task ShouldBeCorrupted(byte[] compressed, string message)
    {
        var decode = () => DecodeAsync(compressed);

        (await decode.Should().ThrowAsync<ReplicaCorruptedException>()).WithMessage(message).Which.Key.Should().Be(Key);
    }

    private static byte[] SemiText(int length)
    {
        var content = new byte[length];
        var random = new Random(length);
        for (var i = 0; i < length; i++)
        {
            content[i] = random.Next(5) == 0 ? (byte)random.Next(256) : (byte)'a';
        }

        return content;
    }

    private sealed class FailingStream(byte[] content, int failAt) : MemoryStream(content)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position + buffer.Length > failAt ? throw new IOException("gone") : await base.ReadAsync(buffer, cancellationToken);
    }
}
