using CsCheck;
using Litestream.Wal;

namespace Litestream.Core.Tests.Wal;

public class WalChecksumTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Equals_the_definition_at_every_length(bool bigEndian)
    {
        var data = new byte[3 * 4096];
        new Random(7).NextBytes(data);
        var seed = new ChainChecksum(0xDEADBEEF, 0xFFFFFFFF);

        for (var length = 0; length <= data.Length; length += 8)
        {
            WalChecksum.Compute(seed, data.AsSpan(0, length), bigEndian)
                .Should().Be(Definition(seed, data.AsSpan(0, length), bigEndian), "of {0} bytes", length);
        }
    }

    [Fact]
    public void Equals_the_definition_of_any_bytes_at_any_alignment() => Gen.Select(
        Gen.UInt, Gen.UInt, Gen.Int[0, 20].SelectMany(k => Gen.Byte.Array[(8 * k * k) + 3]), Gen.Int[0, 3], Gen.Bool)
        .Sample((a, b, bytes, shift, bigEndian) =>
        {
            var data = bytes.AsSpan(shift, bytes.Length - 3);

            WalChecksum.Compute(new(a, b), data, bigEndian).Should().Be(Definition(new(a, b), data, bigEndian));
        });

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void Equals_the_definition_of_pages_of_ones(int pageSize)
    {
        var page = new byte[pageSize];
        Array.Fill(page, (byte)0xFF);

        WalChecksum.Compute(new(uint.MaxValue, uint.MaxValue), page, bigEndian: false)
            .Should().Be(Definition(new(uint.MaxValue, uint.MaxValue), page, bigEndian: false));
    }

    [Fact]
    public void A_part_at_a_time_gives_the_same_as_the_whole()
    {
        var data = new byte[10_000];
        new Random(8).NextBytes(data);

        var parts = WalChecksum.Compute(default, data.AsSpan(0, 4968), bigEndian: true);
        parts = WalChecksum.Compute(parts, data.AsSpan(4968), bigEndian: true);

        parts.Should().Be(WalChecksum.Compute(default, data, bigEndian: true));
    }

    [Fact]
    public void The_plain_loop_is_the_definition()
    {
        var data = new byte[1000];
        new Random(9).NextBytes(data);

        WalChecksum.ComputeScalar(default, data, bigEndian: false).Should().Be(Definition(default, data, bigEndian: false));
        WalChecksum.ComputeScalar(default, data, bigEndian: true).Should().Be(Definition(default, data, bigEndian: true));
    }

    [Fact]
    public void The_narrow_vectors_of_other_processors_give_the_definition_at_any_alignment() => Gen.Select(
        Gen.UInt, Gen.UInt, Gen.Int[0, 40].SelectMany(k => Gen.Byte.Array[(8 * k * k) + 3]), Gen.Int[0, 3], Gen.Bool)
        .Sample((a, b, bytes, shift, bigEndian) =>
        {
            var data = bytes.AsSpan(shift, bytes.Length - 3);

            WalChecksum.ComputeVector128(new(a, b), data, bigEndian).Should().Be(Definition(new(a, b), data, bigEndian));
        });

    [Fact]
    public void Refuses_half_a_pair()
    {
        var compute = () => WalChecksum.Compute(default, new byte[12], bigEndian: false);

        compute.Should().Throw<ArgumentException>();
    }

    // As SQLite's documentation has it, with no care for speed.
    private static ChainChecksum Definition(ChainChecksum seed, ReadOnlySpan<byte> data, bool bigEndian)
    {
        var (s1, s2) = (seed.Sum1, seed.Sum2);
        for (var i = 0; i < data.Length; i += 8)
        {
            s1 += Word(data[i..], bigEndian) + s2;
            s2 += Word(data[(i + 4)..], bigEndian) + s1;
        }

        return new(s1, s2);
    }

    private static uint Word(ReadOnlySpan<byte> data, bool bigEndian) => bigEndian
        ? ((uint)data[0] << 24) | ((uint)data[1] << 16) | ((uint)data[2] << 8) | data[3]
        : ((uint)data[3] << 24) | ((uint)data[2] << 16) | ((uint)data[1] << 8) | data[0];
}
