using System.Buffers.Binary;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Core.Tests.Wal;

public sealed class WalFormatTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Reads_the_header_that_sqlite_wrote()
    {
        var wal = SampleWal.Create(_directory, 8192);

        WalHeader.TryParse(wal, out var header).Should().BeTrue();

        header.PageSize.Should().Be(8192);
        header.FrameSize.Should().Be(8216);
        header.BigEndianChecksums.Should().Be(!BitConverter.IsLittleEndian);
        header.Salts.Should().Be(new WalSalts(BinaryPrimitives.ReadUInt32BigEndian(wal.AsSpan(16)), BinaryPrimitives.ReadUInt32BigEndian(wal.AsSpan(20))));
        header.Salts.Should().Be(WalFrameHeader.Parse(wal.AsSpan(WalHeader.Size)).Salts);
    }

    [Fact]
    public void A_header_that_is_too_short_is_none()
    {
        var wal = SampleWal.Create(_directory, 512);

        for (var length = 0; length < WalHeader.Size; length++)
        {
            WalHeader.TryParse(wal.AsSpan(0, length), out _).Should().BeFalse();
        }
    }

    [Theory]
    [InlineData(0u, 32L)]
    [InlineData(1u, 4152L)]
    [InlineData(1_000_000u, 4_120_000_032L)]
    public void Frames_end_where_the_next_begins(uint frame, long end)
    {
        WalFormat.EndOfFrame(frame, 4096).Should().Be(end);
        WalFormat.FramesUpTo(end, 4096).Should().Be(frame);
        WalFormat.FramesUpTo(end - 1, 4096).Should().Be(frame == 0 ? 0 : frame - 1);
        WalFormat.IsBoundary(end, 4096).Should().BeTrue();
        WalFormat.IsBoundary(end + 1, 4096).Should().BeFalse();
    }

    [Fact]
    public void Zero_is_a_boundary_and_what_lies_in_the_header_is_none()
    {
        WalFormat.IsBoundary(0, 512).Should().BeTrue();
        WalFormat.IsBoundary(31, 512).Should().BeFalse();
        WalFormat.IsBoundary(-504, 512).Should().BeFalse();
        WalFormat.FramesUpTo(0, 512).Should().Be(0);
    }

    [Fact]
    public void Knows_the_page_sizes_of_sqlite() =>
        Enumerable.Range(0, 70_000).Where(size => WalFormat.IsPageSize(size))
            .Should().Equal(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536);

    [Fact]
    public void A_chain_is_a_value_that_remembers_its_place()
    {
        var wal = SampleWal.Create(_directory, 512);
        WalHeader.TryParse(wal, out var header).Should().BeTrue();
        var chain = new WalChain(header);
        var start = chain;
        chain.Append(wal.AsSpan(32, 536), out _).Should().Be(WalFrameState.Valid);

        var resumed = new WalChain(header, chain.Checksum);

        start.Checksum.Should().Be(header.Checksum);
        resumed.Append(wal.AsSpan(568, 536), out _).Should().Be(WalFrameState.Valid);
        start.Append(wal.AsSpan(568, 536), out _).Should().Be(WalFrameState.BrokenChecksum);
        start.Checksum.Should().Be(header.Checksum, "a frame that is refused leaves the chain as it was");
    }

    [Fact]
    public void A_chain_takes_exactly_one_frame()
    {
        WalHeader.TryParse(SampleWal.Create(_directory, 512), out var header).Should().BeTrue();
        var append = () => new WalChain(header).Append(new byte[535], out _);

        append.Should().Throw<ArgumentException>();
    }
}
