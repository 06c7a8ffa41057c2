using System.Buffers.Binary;
using CsCheck;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Core.Tests.Wal;

public sealed class WalReaderTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public static TheoryData<int> PageSizes => new(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(PageSizes))]
    public void Reads_every_frame_that_sqlite_wrote(int pageSize)
    {
        var wal = SampleWal.Create(_directory, pageSize);

        WalReader.TryOpen(wal, out var reader).Should().BeTrue();
        var commits = 0;
        uint pages = 0;
        while (reader.Read(out var frame, out var page))
        {
            page.Length.Should().Be(pageSize);
            frame.PageNumber.Should().BePositive();
            commits += frame.IsCommit ? 1 : 0;
            pages = frame.IsCommit ? frame.CommitSize : pages;
        }

        reader.End.Should().Be(WalReadEnd.EndOfData);
        reader.Consumed.Should().Be(wal.Length);
        reader.Chain.Header.PageSize.Should().Be(pageSize);
        commits.Should().Be(6);
        pages.Should().BeGreaterThan(5);
    }

    [Fact]
    public void Reads_a_wal_with_big_endian_checksums()
    {
        var wal = ToBigEndian(SampleWal.Create(_directory, 4096));

        Count(wal, out var end).Should().BeGreaterThan(6);

        end.Should().Be(WalReadEnd.EndOfData);
    }

    [Fact]
    public void Goes_on_where_an_earlier_piece_ended()
    {
        var wal = SampleWal.Create(_directory, 1024);
        var all = Count(wal, out _);

        for (var cut = WalHeader.Size; cut < wal.Length; cut += 500)
        {
            WalReader.TryOpen(wal.AsSpan(0, cut), out var first).Should().BeTrue();
            var frames = Drain(ref first);
            var second = new WalReader(wal.AsSpan(first.Consumed), first.Chain);
            frames += Drain(ref second);

            frames.Should().Be(all);
            second.End.Should().Be(WalReadEnd.EndOfData);
            (first.Consumed + second.Consumed).Should().Be(wal.Length);
        }
    }

    [Fact]
    public void Stops_at_a_frame_that_is_cut()
    {
        var wal = SampleWal.Create(_directory, 512);
        var frames = Count(wal, out _);

        Count(wal[..^1], out var end).Should().Be(frames - 1);
        end.Should().Be(WalReadEnd.ShortFrame);
        Count(wal[..(WalHeader.Size + 10)], out end).Should().Be(0);
        end.Should().Be(WalReadEnd.ShortFrame);
        Count(wal[..WalHeader.Size], out end).Should().Be(0);
        end.Should().Be(WalReadEnd.EndOfData);
    }

    [Fact]
    public void Stops_at_a_frame_with_another_salt()
    {
        var wal = SampleWal.Create(_directory, 512);
        var other = SampleWal.Create(_directory, 512);
        var start = (int)WalFormat.EndOfFrame(3, 512);
        other.AsSpan(start, 536).CopyTo(wal.AsSpan(start));

        Count(wal, out var end).Should().Be(3);

        end.Should().Be(WalReadEnd.OtherSalts);
    }

    [Fact]
    public void Stops_at_a_frame_out_of_its_place()
    {
        var wal = SampleWal.Create(_directory, 512);
        var (third, fourth) = ((int)WalFormat.EndOfFrame(2, 512), (int)WalFormat.EndOfFrame(3, 512));
        wal.AsSpan(fourth, 536).CopyTo(wal.AsSpan(third));

        Count(wal, out var end).Should().Be(2);

        end.Should().Be(WalReadEnd.BrokenChecksum);
    }

    [Fact]
    public void Yields_no_frame_after_the_end()
    {
        var wal = SampleWal.Create(_directory, 512);
        wal[WalHeader.Size + 100] ^= 1;
        WalReader.TryOpen(wal, out var reader);
        Drain(ref reader).Should().Be(0);

        Drain(ref reader).Should().Be(0);

        reader.End.Should().Be(WalReadEnd.BrokenChecksum);
        reader.Consumed.Should().Be(WalHeader.Size);
    }

    [Fact]
    public void Never_yields_a_frame_after_damage()
    {
        var wal = SampleWal.Create(_directory, 512);

        Gen.Select(Gen.Int[WalHeader.Size, wal.Length - 1], Gen.Int[1, 255]).Sample((at, flip) =>
        {
            var damaged = wal.ToArray();
            damaged[at] ^= (byte)flip;

            var frames = Count(damaged, out var end);

            frames.Should().Be((int)WalFormat.FramesUpTo(at, 512));
            end.Should().BeOneOf(WalReadEnd.OtherSalts, WalReadEnd.BrokenChecksum);
        });
    }

    [Fact]
    public void Any_damage_to_the_header_makes_the_wal_empty()
    {
        var wal = SampleWal.Create(_directory, 4096)[..WalHeader.Size];

        for (var bit = 0; bit < 8 * WalHeader.Size; bit++)
        {
            var damaged = wal.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));

            WalReader.TryOpen(damaged, out _).Should().BeFalse();
        }
    }

    [Fact]
    public void Whatever_the_bytes_it_ends_quietly() => Gen.Byte.Array[0, 3000].Sample(bytes =>
    {
        WalReader.TryOpen(bytes, out _).Should().BeFalse();
        WalHeader.TryParse(SampleHeader(), out var header).Should().BeTrue();
        var reader = new WalReader(bytes, new WalChain(header));

        Drain(ref reader).Should().Be(0);
    });

    [Fact]
    public void Allocates_nothing_per_frame()
    {
        var wal = SampleWal.Create(_directory, 512, commits: 50);
        var frames = 0;

        Allocations.Least(() => frames = Count(wal, out _)).Should().Be(0);

        frames.Should().BeGreaterThan(50);
    }

    private static int Count(byte[] wal, out WalReadEnd end)
    {
        if (!WalReader.TryOpen(wal, out var reader))
        {
            throw new InvalidOperationException("No sound header.");
        }

        var frames = Drain(ref reader);
        end = reader.End;
        return frames;
    }

    private static int Drain(ref WalReader reader)
    {
        var frames = 0;
        while (reader.Read(out _, out _))
        {
            frames++;
        }

        return frames;
    }

    private static byte[] SampleHeader()
    {
        var header = new byte[WalHeader.Size];
        BinaryPrimitives.WriteUInt32BigEndian(header, 0x377F0682);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), 3007000);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), 512);
        Sign(header, 24, WalChecksum.Compute(default, header.AsSpan(0, 24), bigEndian: false));
        return header;
    }

    // What a machine of the other byte order would have written.
    private static byte[] ToBigEndian(byte[] wal)
    {
        WalHeader.TryParse(wal, out var header).Should().BeTrue();
        wal[3] = 0x83;
        var sum = WalChecksum.Compute(default, wal.AsSpan(0, 24), bigEndian: true);
        Sign(wal, 24, sum);
        for (var at = WalHeader.Size; at < wal.Length; at += header.FrameSize)
        {
            sum = WalChecksum.Compute(sum, wal.AsSpan(at, 8), bigEndian: true);
            sum = WalChecksum.Compute(sum, wal.AsSpan(at + WalFrameHeader.Size, header.PageSize), bigEndian: true);
            Sign(wal, at + 16, sum);
        }

        return wal;
    }

    private static void Sign(byte[] bytes, int at, ChainChecksum sum)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at), sum.Sum1);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at + 4), sum.Sum2);
    }
}
