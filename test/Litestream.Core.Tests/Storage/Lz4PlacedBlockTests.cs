namespace Litestream.Storage;

/// <summary>Blocks are decompressed into the reader's own buffer where it has room for them.</summary>
public sealed class Lz4PlacedBlockTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Readers_of_any_size_get_the_same_content(bool verified)
    {
        var content = Content(13_000_003);
        var stored = Stored(content);
        for (var seed = 1; seed <= 8; seed++)
        {
            var random = new Random(seed);
            using var source = new MemoryStream(stored);
            await using var decoder = Lz4Frame.OpenDecoder(source, "key", leaveOpen: true, verified);
            var read = new MemoryStream();
            var buffer = new byte[9 << 20];
            for (int count; ; read.Write(buffer, 0, count))
            {
                var room = random.Next(3) switch { 0 => random.Next(1, 5000), 1 => random.Next(1, 4 << 20), _ => random.Next(4 << 20, buffer.Length) };
                count = random.Next(2) == 0 ? decoder.Read(buffer, 0, room) : await decoder.ReadAsync(buffer.AsMemory(0, room));
                if (count == 0)
                {
                    break;
                }
            }

            read.ToArray().AsSpan().SequenceEqual(content).Should().BeTrue($"seed {seed}");
        }
    }

    [Fact]
    public void A_damaged_block_is_seen_whether_there_is_room_for_it_or_not()
    {
        var stored = Stored(Content(1_000_000));
        stored[stored.Length / 2] ^= 0x55;
        foreach (var room in new[] { 1000, 900_000, 5 << 20 })
        {
            var reading = () =>
            {
                using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(stored), "key");
                var buffer = new byte[room];
                while (decoder.Read(buffer, 0, room) > 0)
                {
                }
            };

            reading.Should().Throw<ReplicaCorruptedException>();
        }
    }

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(3).NextBytes(content.AsSpan(0, length / 2));
        return content;
    }

    private static byte[] Stored(byte[] content)
    {
        var stored = new MemoryStream();
        using (var encoder = Lz4Frame.OpenEncoder(stored, leaveOpen: true))
        {
            encoder.Write(content);
        }

        return stored.ToArray();
    }
}
