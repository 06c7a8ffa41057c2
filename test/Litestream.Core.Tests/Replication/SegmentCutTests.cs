using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Replication;

public sealed class SegmentCutTests
{
    private const int PageSize = 4096;
    private const int Frame = PageSize + WalFrameHeader.Size;

    [Fact]
    public void Takes_everything_while_it_is_little() =>
        SegmentCut.End(EndOf(10), 0, 0, PageSize).Should().Be(EndOf(10));

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(32 + 5 * Frame)]
    public void Cuts_whole_frames_below_the_usual_size(long offset)
    {
        var end = SegmentCut.End(EndOf(5000), offset, 0, PageSize);

        WalFormat.IsBoundary(end, PageSize).Should().BeTrue();
        (end - offset).Should().BeInRange(SegmentCut.UsualBytes - Frame, SegmentCut.UsualBytes);
    }

    [Fact]
    public void Cuts_larger_segments_from_a_backlog()
    {
        var end = SegmentCut.End(EndOf(100_000), 0, 0, PageSize);

        end.Should().BeInRange(SegmentCut.CatchUpBytes - Frame, SegmentCut.CatchUpBytes);
    }

    [Theory]
    [InlineData(SegmentCut.UsualBytes, 1 << 20, true)]
    [InlineData(SegmentCut.UsualBytes, 2 << 20, false)]
    [InlineData(SegmentCut.CatchUpBytes, 8 << 20, true)]
    [InlineData(SegmentCut.CatchUpBytes, 9 << 20, false)]
    public void A_small_rest_goes_along(long limit, long rest, bool along)
    {
        var length = EndOf(WalFormat.FramesUpTo(limit + rest, PageSize));

        (SegmentCut.End(length, 0, 0, PageSize) == length).Should().Be(along);
    }

    [Fact]
    public void Reaches_what_must_be_reached_in_one_piece() =>
        SegmentCut.End(EndOf(100_000), 0, EndOf(90_000), PageSize).Should().Be(EndOf(90_000));

    [Fact]
    public void Prefers_the_end_of_a_commit()
    {
        var end = EndOf(2000);

        Prefer([EndOf(100), EndOf(1500), EndOf(2500)], end).Should().Be(EndOf(1500));
        Prefer([EndOf(100)], end).Should().Be(end, "that would leave too little");
        Prefer([], end).Should().Be(end);
        Prefer([EndOf(1500) + 1], end).Should().Be(end, "that is no frame's end");
        Prefer([EndOf(1500)], end, mustReach: EndOf(1600)).Should().Be(end);
    }

    private static long Prefer(long[] commits, long end, long mustReach = 0) =>
        SegmentCut.PreferCommit([.. commits.Select(commit => new CommitTime(commit, null))], 0, end, mustReach, PageSize);

    private static long EndOf(uint frame) => WalFormat.EndOfFrame(frame, PageSize);
}
