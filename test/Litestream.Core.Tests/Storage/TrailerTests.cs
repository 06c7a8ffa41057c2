using CsCheck;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Core.Tests.Storage;

public class TrailerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<ChainChecksum> GenChecksum = Gen.Select(Gen.UInt, Gen.UInt, (a, b) => new ChainChecksum(a, b));

    private static readonly Gen<WalSalts> GenSalts = Gen.Select(Gen.UInt, Gen.UInt, (a, b) => new WalSalts(a, b));

    private static readonly Gen<SegmentLink?> GenLink = Gen.Select(
        Gen.Bool, Gen.Int[0, int.MaxValue], Gen.Long[0, 1L << 31], Gen.Long[0, 1L << 30], GenChecksum,
        (has, index, offset, length, sum) => has ? new SegmentLink(index, offset, offset + length, sum) : null);

    // Steps of at least 10 ms, so that thinning leaves them alone.
    private static readonly Gen<(long Step, long? Microseconds)[]> GenCommits = Gen.Select(
        Gen.Long[1, 100_000], Gen.Select(Gen.Int[0, 4], Gen.Long[10_000, 1L << 40], (known, t) => known == 0 ? (long?)null : t),
        (step, time) => (step, time)).Array[0, 50];

    private static readonly Gen<SegmentTrailer> GenSegment = Gen.Select(
        Gen.Int[0, int.MaxValue], Gen.Long[0, 1L << 31], GenSalts, GenChecksum, GenLink, Gen.Guid, Gen.Byte.Array[32], GenCommits,
        (index, offset, salts, sum, link, writer, hash, steps) => new SegmentTrailer
        {
            Index = index,
            Offset = offset,
            RawLength = 50 * 100_000,
            Salts = salts,
            FirstChecksum = sum,
            LastChecksum = new ChainChecksum(sum.Sum2, sum.Sum1),
            Previous = link,
            Ordinal = link is null ? null : index,
            WriterId = writer,
            RawHash = hash,
            Commits = Commits(offset, steps),
        });

    [Fact]
    public void A_segment_trailer_comes_back_as_it_was() => GenSegment.Sample(
        trailer =>
        {
            var frame = SegmentTrailerCodec.Encode(trailer);

            var reading = SegmentTrailerCodec.ReadTail([1, 2, 3, .. frame]);

            reading.State.Should().Be(TrailerState.Sound);
            reading.Length.Should().Be(frame.Length);
            ShouldEqual(reading.Trailer!, trailer);
        },
        iter: 300);

    [Fact]
    public void A_snapshot_trailer_comes_back_as_it_was() => Gen.Select(
        Gen.Int[0, int.MaxValue], Gen.Int[9, 16], Gen.Long[0, 50_000], Gen.Long[1, 1L << 30], GenSalts, GenChecksum, Gen.Long[0, 1L << 50])
        .Sample(
        (index, shift, frames, pages, salts, sum, taken) =>
        {
            var trailer = Snapshot() with
            {
                Index = index,
                PageSize = 1 << shift,
                CoveredOffset = WalFormat.EndOfFrame((uint)frames, 1 << shift),
                DatabaseSize = pages << shift,
                Salts = salts,
                CoveredChecksum = sum,
                TakenAt = DateTimeOffset.UnixEpoch.AddMicroseconds(taken),
            };

            var reading = SnapshotTrailerCodec.ReadTail([9, .. SnapshotTrailerCodec.Encode(trailer)]);

            reading.State.Should().Be(TrailerState.Sound);
            (reading.Trailer! with { RawHash = trailer.RawHash }).Should().Be(trailer);
            reading.Trailer!.RawHash.ToArray().Should().Equal(trailer.RawHash.ToArray());
        },
        iter: 300);

    [Fact]
    public void No_damaged_byte_yields_a_trailer()
    {
        var segment = SegmentTrailerCodec.Encode(Segment());
        var snapshot = SnapshotTrailerCodec.Encode(Snapshot());

        for (var flip = 1; flip <= 255; flip += 2)
        {
            for (var at = 0; at < segment.Length; at++)
            {
                SegmentTrailerCodec.ReadTail(Damaged(segment, at, flip)).Trailer.Should().BeNull();
            }

            for (var at = 0; at < snapshot.Length; at++)
            {
                SnapshotTrailerCodec.ReadTail(Damaged(snapshot, at, flip)).Trailer.Should().BeNull();
            }
        }
    }

    [Fact]
    public void Fields_that_pass_the_checksum_and_make_no_sense_are_damage()
    {
        var frame = SegmentTrailerCodec.Encode(Segment());

        Gen.Select(Gen.Int[0, frame.Length - 30], Gen.Byte).Sample(
            (at, value) =>
            {
                var body = frame[9..^20];
                body[at] = value;

                var reading = SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(1, body, TrailerFrame.SegmentMagic));

                // Whatever it yields can be written again: it keeps every rule that the writer keeps.
                if (reading.Trailer is { } trailer)
                {
                    SegmentTrailerCodec.Encode(trailer);
                }
                else
                {
                    reading.State.Should().Be(TrailerState.Damaged);
                }
            },
            iter: 3000);
    }

    [Fact]
    public void A_body_cut_or_grown_is_damage()
    {
        var body = SegmentTrailerCodec.Encode(Segment())[9..^20];

        for (var length = 0; length < body.Length; length++)
        {
            SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(1, body.AsSpan(0, length), TrailerFrame.SegmentMagic))
                .State.Should().Be(TrailerState.Damaged);
        }

        SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(1, [.. body, 0], TrailerFrame.SegmentMagic)).State.Should().Be(TrailerState.Damaged);
        SnapshotTrailerCodec.ReadTail(TrailerFrame.Wrap(1, body, TrailerFrame.SnapshotMagic)).State.Should().Be(TrailerState.Damaged);
    }

    [Fact]
    public void A_number_of_commits_that_cannot_be_there_is_damage()
    {
        var body = SegmentTrailerCodec.Encode(Segment() with { Commits = [] })[9..^20];
        byte[] huge = [.. body[..^1], 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];

        SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(1, huge, TrailerFrame.SegmentMagic)).State.Should().Be(TrailerState.Damaged);
    }

    [Fact]
    public void A_newer_version_is_not_understood_and_no_damage()
    {
        SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(2, [1, 2, 3], TrailerFrame.SegmentMagic)).State.Should().Be(TrailerState.NewerVersion);
        SnapshotTrailerCodec.ReadTail(TrailerFrame.Wrap(9, [], TrailerFrame.SnapshotMagic)).State.Should().Be(TrailerState.NewerVersion);
        SnapshotTrailerCodec.ReadTail(TrailerFrame.Wrap(0, [], TrailerFrame.SnapshotMagic)).State.Should().Be(TrailerState.Damaged);
    }

    [Fact]
    public void A_trailer_of_the_other_kind_is_damage()
    {
        SegmentTrailerCodec.ReadTail(SnapshotTrailerCodec.Encode(Snapshot())).State.Should().Be(TrailerState.Damaged);
        SnapshotTrailerCodec.ReadTail(SegmentTrailerCodec.Encode(Segment())).State.Should().Be(TrailerState.Damaged);
    }

    [Fact]
    public void An_object_without_trailer_has_none()
    {
        SegmentTrailerCodec.ReadTail([]).State.Should().Be(TrailerState.None);
        SegmentTrailerCodec.ReadTail(new byte[4096]).State.Should().Be(TrailerState.None);
    }

    [Fact]
    public void A_short_tail_says_how_many_bytes_it_needs()
    {
        var frame = SegmentTrailerCodec.Encode(Segment());

        var reading = SegmentTrailerCodec.ReadTail(frame.AsSpan(1));

        reading.Should().Be(new TrailerReading<SegmentTrailer>(TrailerState.Longer, null, frame.Length));
    }

    [Fact]
    public void Of_commits_within_10_ms_the_last_one_stays_with_its_own_time()
    {
        CommitTime[] commits =
        [
            new(100, Noon), new(200, Noon.AddMilliseconds(9)), new(300, Noon.AddMilliseconds(10)),
            new(400, null), new(500, null), new(600, Noon.AddMilliseconds(11)), new(700, Noon.AddMilliseconds(10.5)),
        ];

        CommitTimeTable.Thin(commits).Should().Equal(
            new CommitTime(200, Noon.AddMilliseconds(9)),
            new CommitTime(300, Noon.AddMilliseconds(10)),
            new CommitTime(500, null),
            new CommitTime(600, Noon.AddMilliseconds(11)),
            new CommitTime(700, Noon.AddMilliseconds(10.5)));
    }

    [Fact]
    public void No_commit_is_said_to_be_older_than_it_was_noticed() => Gen.Long[-20_000_000, 20_000_000].Array[1, 100].Sample(
        ticks =>
        {
            var commits = ticks.Select((t, i) => new CommitTime(100 * (i + 1), Noon.AddTicks(t))).ToArray();

            var read = SegmentTrailerCodec.ReadTail(SegmentTrailerCodec.Encode(Segment() with { Commits = commits })).Trailer!.Commits;

            foreach (var commit in commits)
            {
                read.First(entry => entry.EndOffset >= commit.EndOffset).NoticedAt.Should().BeOnOrAfter(commit.NoticedAt!.Value);
            }
        },
        iter: 200);

    [Fact]
    public void More_commits_than_fit_are_thinned_further()
    {
        var commits = Enumerable.Range(1, 400_000).Select(i => new CommitTime(i, Noon.AddMilliseconds(20L * i))).ToArray();

        var frame = SegmentTrailerCodec.Encode(Segment() with { Offset = 0, RawLength = 400_000, Commits = commits });

        frame.Length.Should().BeLessThanOrEqualTo(TrailerFrame.MaxLength);
        var read = SegmentTrailerCodec.ReadTail(frame).Trailer!.Commits;
        read.Should().HaveCountGreaterThan(10_000);
        read[^1].Should().Be(commits[^1]);
    }

    [Fact]
    public void More_unknown_times_than_fit_leave_everything_unknown()
    {
        var commits = Enumerable.Range(1, 600_000).Select(i => new CommitTime(i, i % 2 == 0 ? null : Noon.AddMilliseconds(20L * i))).ToArray();

        var frame = SegmentTrailerCodec.Encode(Segment() with { Offset = 0, RawLength = 600_000, Commits = commits });

        SegmentTrailerCodec.ReadTail(frame).Trailer!.Commits.Should().Equal(new CommitTime(600_000, null));
    }

    [Fact]
    public void A_trailer_that_contradicts_itself_is_not_written()
    {
        ((Action)(() => SegmentTrailerCodec.Encode(Segment() with { RawLength = 0 }))).Should().Throw<ArgumentException>();
        ((Action)(() => SegmentTrailerCodec.Encode(Segment() with { RawHash = new byte[31] }))).Should().Throw<ArgumentException>();
        ((Action)(() => SegmentTrailerCodec.Encode(Segment() with { Commits = [new(1, Noon), new(1, Noon)] }))).Should().Throw<ArgumentException>();
        ((Action)(() => SnapshotTrailerCodec.Encode(Snapshot() with { CoveredOffset = 33 }))).Should().Throw<ArgumentException>();
        ((Action)(() => SnapshotTrailerCodec.Encode(Snapshot() with { DatabaseSize = 4097 }))).Should().Throw<ArgumentException>();
    }

    internal static SegmentTrailer Segment() => new()
    {
        Index = 3,
        Offset = 0,
        RawLength = 32 + (100 * 4120),
        Salts = new WalSalts(1, 2),
        FirstChecksum = new ChainChecksum(3, 4),
        LastChecksum = new ChainChecksum(5, 6),
        Previous = new SegmentLink(2, 4152, 8272, new ChainChecksum(7, 8)),
        WriterId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        RawHash = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(),
        Commits = [new(4152, Noon), new(8272, null), new(12392, Noon.AddSeconds(1))],
    };

    internal static SnapshotTrailer Snapshot() => new()
    {
        Index = 3,
        CoveredOffset = 4152,
        Salts = new WalSalts(1, 2),
        CoveredChecksum = new ChainChecksum(3, 4),
        PageSize = 4096,
        DatabaseSize = 8192,
        TakenAt = Noon,
        WriterId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        RawHash = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(),
    };

    private static byte[] Damaged(byte[] frame, int at, int flip)
    {
        var damaged = frame.ToArray();
        damaged[at] ^= (byte)flip;
        return damaged;
    }

    private static CommitTime[] Commits(long offset, (long Step, long? Microseconds)[] steps)
    {
        var time = Noon;
        return [.. steps.Select(s =>
        {
            time = time.AddMicroseconds(s.Microseconds ?? 0);
            return new CommitTime(offset += s.Step, s.Microseconds is null ? null : time);
        })];
    }

    private static void ShouldEqual(SegmentTrailer actual, SegmentTrailer expected)
    {
        (actual with { RawHash = expected.RawHash, Commits = expected.Commits }).Should().Be(expected);
        actual.RawHash.ToArray().Should().Equal(expected.RawHash.ToArray());
        actual.Commits.Should().Equal(CommitTimeTable.Thin(expected.Commits));
    }
}
