using System.Buffers.Binary;
using Litestream.Shadow;
using Litestream.Storage;
using Litestream.Testing;
using Litestream.Wal;

namespace Litestream.Core.Tests.Shadow;

public sealed class ShadowFileTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory _directory = new();
    private readonly byte[] _wal;
    private readonly WalHeader _header;
    private readonly int _frameSize;

    public ShadowFileTests()
    {
        using var app = new AppDatabase(_directory, pageSize: 1024);
        app.Execute("PRAGMA wal_autocheckpoint=0");
        app.Execute("CREATE TABLE t(a)");
        app.Insert(20);
        _wal = SharedFile.ReadAllBytes(app.Path + "-wal");
        WalHeader.TryParse(_wal, out _header).Should().BeTrue();
        _frameSize = _header.FrameSize;
    }

    private string ShadowPath => _directory.File("00000003.wal");

    private string TimesPath => _directory.File("00000003.times");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Shows_readers_what_is_published_and_no_more()
    {
        using var shadow = Open();
        shadow.Header.Should().BeNull();
        shadow.Write(0, _wal);
        shadow.Read(0, new byte[10]).Should().Be(0);

        shadow.Publish(_header, EndOf(2), Start);

        var buffer = new byte[_wal.Length];
        shadow.Read(0, buffer).Should().Be((int)EndOf(2));
        buffer.AsSpan(0, (int)EndOf(2)).SequenceEqual(_wal.AsSpan(0, (int)EndOf(2))).Should().BeTrue();
        shadow.Read(EndOf(2), buffer).Should().Be(0);
        shadow.Describe().Should().Be(new ShadowIndex("0123456789abcdef", 3, EndOf(2), IsComplete: false, _header));
    }

    [Fact]
    public void Loads_everything_that_was_written()
    {
        Write(_wal, frames: 20);

        using var shadow = Open();
        var chain = shadow.Load();

        shadow.Length.Should().Be(EndOf(20));
        chain!.Value.Checksum.Should().Be(WalFrameHeader.Parse(_wal.AsSpan((int)EndOf(19))).Checksum);
    }

    [Fact]
    public void Loads_whole_frames_wherever_the_file_was_cut()
    {
        for (var length = 0; length < EndOf(4); length += 61)
        {
            SharedFile.WriteAllBytes(ShadowPath, _wal[..length]);
            using var shadow = Open();

            var chain = shadow.Load();

            var sound = length < WalHeader.Size ? 0 : EndOf((uint)((length - WalHeader.Size) / _frameSize));
            shadow.Length.Should().Be(sound);
            (chain is null).Should().Be(sound == 0);
            new FileInfo(ShadowPath).Length.Should().Be(sound, "what follows must not be taken for a part of it");
        }
    }

    [Fact]
    public void Loads_up_to_the_first_byte_that_is_wrong()
    {
        foreach (var at in new[] { EndOf(0) + 3, EndOf(5) + 8, EndOf(5) + 500, EndOf(9) - 1 })
        {
            var damaged = _wal.ToArray();
            damaged[at] ^= 0x40;
            SharedFile.WriteAllBytes(ShadowPath, damaged);
            using var shadow = Open();

            shadow.Load();

            shadow.Length.Should().Be(EndOf(WalFormat.FramesUpTo(at, _header.PageSize)));
        }
    }

    [Fact]
    public void Of_nothing_loads_nothing()
    {
        using var shadow = Open();

        shadow.Load().Should().BeNull();

        shadow.Length.Should().Be(0);
        File.Exists(ShadowPath).Should().BeFalse();
    }

    [Fact]
    public void Keeps_the_times_over_any_number_of_starts()
    {
        Write(_wal, frames: 3, Start);
        SharedFile.WriteAllBytes(ShadowPath, _wal[..(int)EndOf(5)]);
        using (var second = Open())
        {
            second.Load();
            second.Publish(_header, EndOf(6), Start.AddSeconds(10));
            SharedFile.WriteAllBytes(ShadowPath, _wal[..(int)EndOf(6)]);
        }

        using var third = Open();
        third.Load();

        third.CommitTimes(0, EndOf(9)).Should().Equal(
            new CommitTime(EndOf(1), Start),
            new CommitTime(EndOf(2), Start.AddSeconds(1)),
            new CommitTime(EndOf(3), Start.AddSeconds(2)),
            new CommitTime(EndOf(5), NoticedAt: null),
            new CommitTime(EndOf(6), Start.AddSeconds(10)));
    }

    [Fact]
    public void Does_not_give_the_times_of_frames_that_were_lost_to_those_that_come_in_their_place()
    {
        Write(_wal, frames: 9, Start);
        SharedFile.WriteAllBytes(ShadowPath, _wal[..(int)EndOf(4)]);
        using (var second = Open())
        {
            second.Load();
            second.Publish(_header, EndOf(5), Start.AddDays(1));
        }

        SharedFile.WriteAllBytes(ShadowPath, _wal[..(int)EndOf(9)]);
        using var third = Open();
        third.Load();

        third.CommitTimes(EndOf(4), EndOf(9)).Should().Equal(
            new CommitTime(EndOf(5), Start.AddDays(1)),
            new CommitTime(EndOf(9), NoticedAt: null));
    }

    [Fact]
    public void Commits_within_ten_milliseconds_share_an_entry()
    {
        using var shadow = Open();
        shadow.Write(0, _wal);
        for (uint frame = 1; frame <= 20; frame++)
        {
            shadow.Publish(_header, EndOf(frame), Start.AddMilliseconds(3 * frame));
        }

        var times = shadow.CommitTimes(0, EndOf(20));

        times.Should().HaveCountLessThan(10);
        times[^1].Should().Be(new CommitTime(EndOf(20), Start.AddMilliseconds(60)));
        times.Zip(times.Skip(2)).Should().OnlyContain(pair => pair.Second.NoticedAt - pair.First.NoticedAt >= TimeSpan.FromMilliseconds(9));
        new FileInfo(TimesPath).Length.Should().Be(TimesEntry.Size * times.Count);
    }

    [Fact]
    public void A_clock_that_steps_back_does_not_make_later_commits_share_one_time()
    {
        using var shadow = Open();
        shadow.Write(0, _wal);
        shadow.Publish(_header, EndOf(1), Start);
        shadow.Publish(_header, EndOf(2), Start.AddSeconds(1));
        for (uint frame = 3; frame <= 8; frame++)
        {
            shadow.Publish(_header, EndOf(frame), Start.AddHours(-1).AddSeconds(frame));
        }

        shadow.CommitTimes(0, EndOf(8)).Should().HaveCount(8);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    [InlineData(0x0003_8D7E_A4C6_8000)]
    public void Ignores_a_time_that_is_half_written(long micros)
    {
        Write(_wal, frames: 3, Start);
        var times = SharedFile.ReadAllBytes(TimesPath);
        BinaryPrimitives.WriteInt64LittleEndian(times.AsSpan(TimesEntry.Size + 8), micros);
        File.WriteAllBytes(TimesPath, times);
        using var shadow = Open();

        shadow.Load();

        shadow.CommitTimes(0, EndOf(9)).Should().Equal(new CommitTime(EndOf(1), Start), new CommitTime(EndOf(3), NoticedAt: null));
    }

    private long EndOf(uint frame) => WalFormat.EndOfFrame(frame, _header.PageSize);

    private ShadowFile Open() => new(ShadowPath, "0123456789abcdef", 3);

    private void Write(byte[] wal, uint frames, DateTimeOffset? start = null)
    {
        using var shadow = Open();
        shadow.Write(0, wal.AsSpan(0, (int)EndOf(frames)));
        for (uint frame = 1; frame <= frames; frame++)
        {
            shadow.Publish(_header, EndOf(frame), (start ?? Start).AddSeconds(frame - 1));
        }
    }
}
