using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Wal;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Core.Tests.Shadow;

public sealed class CheckpointClockTests
{
    private static readonly WalSyncSettings Settings = new()
    {
        MinCheckpointPages = 100,
        MaxCheckpointPages = 1000,
        CheckpointInterval = TimeSpan.FromMinutes(1),
    };

    private readonly FakeTimeProvider _time = new();
    private readonly CheckpointClock _clock;

    public CheckpointClockTests() => _clock = new CheckpointClock(Settings, _time);

    [Fact]
    public void Nothing_is_due_for_an_empty_WAL()
    {
        _clock.NextDue(Header(0), Mark(0, zero: false)).Should().BeNull();
        _time.Advance(TimeSpan.FromHours(1));
        _clock.IsDue(Header(0), Mark(0, zero: false)).Should().BeFalse();
    }

    [Fact]
    public void Pages_make_it_due_at_once_and_few_pages_after_the_interval()
    {
        _clock.IsDue(Header(100), Mark(5, zero: false)).Should().BeTrue();
        _clock.NextDue(Header(99), Mark(5, zero: false)).Should().Be(TimeSpan.FromMinutes(1));
        _time.Advance(TimeSpan.FromSeconds(59));
        _clock.IsDue(Header(1), Mark(1, zero: false)).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        _clock.IsDue(Header(1), Mark(1, zero: false)).Should().BeTrue();
    }

    [Fact]
    public void Nothing_is_due_when_the_next_writer_restarts_the_WAL_anyway()
    {
        _clock.NextDue(Header(500), Mark(500, zero: true)).Should().BeNull();
        _clock.IsDue(Header(501), Mark(500, zero: true)).Should().BeTrue();
        _clock.IsDue(Header(500, salt: 2), Mark(500, zero: true)).Should().BeTrue();
    }

    [Fact]
    public void What_could_not_complete_is_tried_again_when_the_WAL_has_grown_or_a_second_has_passed()
    {
        _clock.Ran(CheckpointOutcome.Partial, Header(150));

        _clock.IsDue(Header(150), Mark(150, zero: false)).Should().BeFalse("nothing has changed");
        _clock.NextDue(Header(151), Mark(150, zero: false)).Should().Be(TimeSpan.FromSeconds(1));
        _clock.IsDue(Header(250), Mark(150, zero: false)).Should().BeTrue();
        _clock.IsDue(Header(120, salt: 2), Mark(150, zero: false)).Should().BeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));
        _clock.IsDue(Header(151), Mark(150, zero: false)).Should().BeTrue();
        _clock.IsDue(Header(150), Mark(150, zero: false)).Should().BeFalse("a reader is in the way, and only the interval is left");
        _time.Advance(TimeSpan.FromSeconds(59));
        _clock.IsDue(Header(150), Mark(150, zero: false)).Should().BeTrue();
    }

    [Fact]
    public void Without_an_interval_only_pages_count()
    {
        var clock = new CheckpointClock(Settings with { CheckpointInterval = TimeSpan.Zero }, _time);
        _time.Advance(TimeSpan.FromDays(1));

        clock.NextDue(Header(99), Mark(5, zero: false)).Should().BeNull();
        clock.IsDue(Header(100), Mark(5, zero: false)).Should().BeTrue();
    }

    [Theory]
    [InlineData(1000, 4)]
    [InlineData(3999, 4)]
    [InlineData(4000, 1)]
    public void The_write_lock_may_be_taken_every_four_seconds_and_every_second_above_four_times_the_limit(uint frames, int seconds)
    {
        _clock.MayTakeLock(frames).Should().BeTrue();
        _clock.MayTakeLock(frames).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        _clock.MayTakeLock(frames).Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _clock.MayTakeLock(frames).Should().BeTrue();
    }

    private static ReadMark Mark(uint maxFrame, bool zero) => new(Header(maxFrame), IsExact: true, zero, FileWritten: default);

    private static WalIndexHeader Header(uint maxFrame, uint salt = 1)
    {
        var bytes = new byte[WalIndexHeader.Size];
        MemoryMarshal.Write(bytes, 3007000u);
        bytes[12] = 1;
        MemoryMarshal.Write(bytes.AsSpan(14), (ushort)4096);
        MemoryMarshal.Write(bytes.AsSpan(16), maxFrame);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(32), salt);
        var sum = WalChecksum.Compute(default, bytes.AsSpan(0, 40), !BitConverter.IsLittleEndian);
        MemoryMarshal.Write(bytes.AsSpan(40), sum.Sum1);
        MemoryMarshal.Write(bytes.AsSpan(44), sum.Sum2);
        return WalIndexHeader.TryParse(bytes, out var header) ? header : throw new InvalidOperationException("No header.");
    }
}
