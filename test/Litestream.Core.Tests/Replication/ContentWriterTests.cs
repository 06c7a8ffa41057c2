using System.Security.Cryptography;

namespace Litestream.Replication;

public sealed class ContentWriterTests
{
    [Fact]
    public void Small_and_large_parts_are_hashed_and_written_in_their_order()
    {
        var content = new byte[5_000_000];
        new Random(7).NextBytes(content);
        using var written = new MemoryStream();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var writer = new ContentWriter(written, hash);

        var offset = 0;
        foreach (var length in new[] { 32, 600_000, 1, 4_000_000, 399_967 })
        {
            writer.Write(content.AsMemory(offset, length));
            offset += length;
        }

        offset.Should().Be(content.Length);
        written.ToArray().Should().Equal(content);
        hash.GetHashAndReset().Should().Equal(SHA256.HashData(content));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(4_000_000)]
    public void A_full_disk_is_told_as_it_is(int length)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var full = new FullDisk();
        var writer = new ContentWriter(full, hash);

        var writing = () => writer.Write(new byte[length]);

        writing.Should().Throw<IOException>().WithMessage("No space left on device");
    }

    private sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }
}
