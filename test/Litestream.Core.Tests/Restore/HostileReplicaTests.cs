using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

/// <summary>
/// Replicas by somebody who knows the format: every checksum is right, and what it protects is a lie. Whatever it is, a
/// restore ends soon, with an exception of ours or a file no larger than what the replica holds, and leaves nothing else.
/// </summary>
public sealed class HostileReplicaTests : IDisposable
{
    private const string Generation = "00000000000000aa";
    private const int PageSize = 512;
    private const int ImagePages = 4;

    private static readonly uint[] Numbers = [0, 1, 2, 4, 5, 6, 9, 1000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF];
    private static readonly long[] Sizes = [long.MinValue, -1, 0, 1, 11, 12, 29, 4096, int.MaxValue, 1L + int.MaxValue, long.MaxValue];

    private readonly TempDirectory _directory = new();
    private int _files;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Page_numbers_and_sizes_that_cannot_be_never_make_a_file_larger_than_what_there_is() =>
        await Fuzz.SampleAsync(
            400,
            async seed =>
            {
                var random = new Random(seed);
                var store = new ObjectStore();
                var image = PutSnapshot(store, random, trailer: random.Next(2) == 0);
                var wal = new SyntheticWal(random, PageSize, bigEndian: random.Next(2) == 0);
                var page = new byte[PageSize];
                for (var frames = random.Next(1, 8); frames > 0; frames--)
                {
                    wal.Append(Pick(random), random.Next(2) == 0 ? 0 : Pick(random), page);
                }

                PutSegment(store, wal, trailer: random.Next(2) == 0);

                var restored = await RestoreAsync(store);

                if (restored is not null)
                {
                    restored.LongLength.Should().BeLessThanOrEqualTo(image.Length + wal.Length + PageSize);
                }
            },
            778);

    [Fact]
    public async Task Trailers_that_lie_give_an_error_or_what_the_data_says() =>
        await Fuzz.SampleAsync(
            60,
            async seed =>
            {
                var history = SyntheticHistory.Create(seed);
                var random = new Random(seed);
                for (var lies = random.Next(1, 4); lies > 0; lies--)
                {
                    Lie(history.Store, random);
                }

                var commit = history.Commits[random.Next(history.Commits.Count)];
                foreach (var options in new RestoreOptions[]
                {
                    new(), new() { Position = commit.Position }, new() { Timestamp = commit.Time }, new() { Index = commit.Position.Index },
                })
                {
                    if (await RestoreAsync(history.Store, options) is { } restored)
                    {
                        ShouldBeAState(history, restored);
                    }
                }
            });

    [Fact]
    public async Task Listings_that_lie_about_sizes_and_times_give_an_error_or_the_truth() =>
        await Fuzz.SampleAsync(
            100,
            async seed =>
            {
                var history = SyntheticHistory.Create(seed);
                var random = new Random(seed);
                DateTimeOffset[] times = [DateTimeOffset.MinValue, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch, history.Now];
                history.Store.Order = objects => objects.Select(item => random.Next(4) switch
                {
                    0 => item with { Size = Sizes[random.Next(Sizes.Length)] },
                    1 => item with { CreatedAt = times[random.Next(times.Length)] },
                    2 => item with { Size = item.Size + random.Next(-40, 40) },
                    _ => item,
                });

                foreach (var options in new RestoreOptions[] { new(), new() { Timestamp = history.Commits[^1].Time }, new() { Index = history.CurrentIndex } })
                {
                    if (await RestoreAsync(history.Store, options) is { } restored)
                    {
                        ShouldBeAState(history, restored);
                    }
                }
            },
            2586,
            7215,
            3797687);

    [Fact]
    public async Task Objects_of_random_bytes_behind_a_sound_beginning_give_an_error() =>
        await Fuzz.SampleAsync(
            150,
            async seed =>
            {
                var history = SyntheticHistory.Create(seed);
                var random = new Random(seed);
                foreach (var key in history.Store.Keys.Where(_ => random.Next(3) == 0).ToList())
                {
                    history.Store.Change(key, content => Scramble(content, random));
                }

                if (await RestoreAsync(history.Store) is { } restored)
                {
                    ShouldBeAState(history, restored);
                }
            });

    [Fact]
    public async Task An_object_cut_anywhere_in_or_before_its_trailer_is_refused()
    {
        // Every snapshot and segment in turn; cut at each of the last bytes, down to the bare data.
        var keys = SyntheticHistory.Create(seed: 4).Store.Keys.Where(key => key.EndsWith(".lz4", StringComparison.Ordinal)).ToList();
        foreach (var key in keys)
        {
            var whole = SyntheticHistory.Create(seed: 4).Store[key];
            var trailer = Math.Max(
                TrailerFrame.Unwrap(whole, TrailerFrame.SegmentMagic, out var length, out _, out _) == TrailerState.Sound ? length : 0,
                TrailerFrame.Unwrap(whole, TrailerFrame.SnapshotMagic, out length, out _, out _) == TrailerState.Sound ? length : 0);
            for (var cut = 1; cut <= trailer; cut += cut < 16 || cut > trailer - 16 ? 1 : 7)
            {
                var history = SyntheticHistory.Create(seed: 4);
                history.Store.Change(key, content => content[..^cut]);

                // What does not need the object may be restored without it; never from it.
                var opened = false;
                history.Store.OnOpen = (name, offset) => opened |= name == key && offset == 0;
                var restored = await RestoreAsync(history.Store);
                (restored is null || !opened).Should().BeTrue("{0} is cut by {1} bytes", key, cut);
            }
        }
    }

    [Theory]
    [InlineData("generations/../../../etc/snapshots/00000000.snapshot.lz4")]
    [InlineData("generations/00000000000000aa/snapshots/../../00000000.snapshot.lz4")]
    [InlineData("generations/00000000000000aa/snapshots/00000000.snapshot.lz4/../../x")]
    [InlineData("generations/00000000000000aa/wal/..\\00000000_00000000.wal.lz4")]
    [InlineData("generations/00000000000000aa/wal//00000000_00000000.wal.lz4")]
    [InlineData("generations/00000000000000aa/wal/80000000_00000000.wal.lz4")]
    [InlineData("generations/00000000000000aa/wal/00000000_100000000.wal.lz4")]
    [InlineData("generations/00000000000000aa/wal/00000000_-0000001.wal.lz4")]
    [InlineData("generations/00000000000000aa/wal/００000000_00000000.wal.lz4")]
    [InlineData("generations/00000000000000AA/wal/00000000_00000000.wal.lz4")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public async Task Keys_that_are_none_of_ours_are_never_opened(string key)
    {
        var history = SyntheticHistory.Create(seed: 1);
        var opened = new List<string>();
        history.Store.Put(key, [1, 2, 3], SyntheticHistory.Start);
        history.Store.Order = objects => objects.Append(new ReplicaObject(key, 3, SyntheticHistory.Start));
        history.Store.OnOpen = (name, _) => opened.Add(name);

        var restored = await RestoreAsync(history.Store);

        restored.Should().Equal(history.Commits[^1].Image);
        opened.Should().NotContain(key);
    }

    [Fact]
    public async Task A_snapshot_that_swells_beyond_what_it_says_is_given_up_at_once()
    {
        const int Bomb = 256 * 1024 * 1024;
        var store = new ObjectStore();
        var compressed = 0L;
        using (var content = new MemoryStream())
        {
            using (var encoder = Lz4Frame.OpenEncoder(content, leaveOpen: true))
            {
                var zeros = new byte[1024 * 1024];
                for (var i = 0; i < Bomb / zeros.Length; i++)
                {
                    encoder.Write(zeros);
                }
            }

            content.Write(SnapshotTrailerCodec.Encode(SnapshotTrailerOf(new byte[ImagePages * PageSize])));
            compressed = content.Length;
            store.Put(ReplicaLayout.SnapshotKey(Generation, 0), content.ToArray(), SyntheticHistory.Start);
        }

        var largest = 0L;
        store.OnRead = (_, stream) => new CountingStream(stream, read => largest = Math.Max(largest, read));

        (await RestoreAsync(store)).Should().BeNull();
        largest.Should().BeLessThan(compressed / 4, "reading stops where the trailer's size is passed");
    }

    [Fact]
    public async Task Segments_that_claim_one_another_as_their_forerunners_end_in_an_error()
    {
        var store = new ObjectStore();
        PutSnapshot(store, new Random(1), trailer: true);
        var previous = default(SyntheticWal);
        for (var index = 0; index < 3; index++)
        {
            var wal = new SyntheticWal(new Random(index), PageSize);
            wal.Append(1, 1, new byte[PageSize]);
            PutSegment(store, wal, trailer: true, index, new SegmentLink((index + 1) % 3, 0, wal.Length, (previous ?? wal).Checksum));
            previous = wal;
        }

        (await RestoreAsync(store)).Should().BeNull();
        (await RestoreAsync(store, new RestoreOptions { Timestamp = SyntheticHistory.Start })).Should().BeNull();
    }

    private static void ShouldBeAState(SyntheticHistory history, byte[] restored) =>
        history.Commits.Exists(state => state.Image.AsSpan().SequenceEqual(restored)).Should().BeTrue("data that is sound gives a state that was");

    private static uint Pick(Random random) => Numbers[random.Next(Numbers.Length)];

    private static byte[] PutSnapshot(ObjectStore store, Random random, bool trailer)
    {
        var image = new byte[ImagePages * PageSize];
        random.NextBytes(image);
        store.Put(
            ReplicaLayout.SnapshotKey(Generation, 0),
            SyntheticHistory.Encode(image, trailer ? SnapshotTrailerCodec.Encode(SnapshotTrailerOf(image)) : []),
            SyntheticHistory.Start);
        return image;
    }

    private static SnapshotTrailer SnapshotTrailerOf(byte[] image) => new()
    {
        Index = 0,
        CoveredOffset = 0,
        Salts = default,
        CoveredChecksum = default,
        PageSize = PageSize,
        DatabaseSize = image.Length,
        TakenAt = SyntheticHistory.Start,
        WriterId = Guid.Empty,
        RawHash = SHA256.HashData(image),
    };

    private static void PutSegment(ObjectStore store, SyntheticWal wal, bool trailer, int index = 0, SegmentLink? previous = null) => store.Put(
        ReplicaLayout.SegmentKey(Generation, index, 0),
        SyntheticHistory.Encode(wal.ToArray(), !trailer ? [] : SegmentTrailerCodec.Encode(new SegmentTrailer
        {
            Index = index,
            Offset = 0,
            RawLength = wal.Length,
            Salts = wal.Header.Salts,
            FirstChecksum = wal.Header.Checksum,
            LastChecksum = wal.Checksum,
            Previous = previous,
            WriterId = Guid.Empty,
            RawHash = SHA256.HashData(wal.ToArray()),
            Commits = [new CommitTime(wal.Length, SyntheticHistory.Start)],
        })),
        SyntheticHistory.Start);

    /// <summary>Another body in a trailer whose checksum is right.</summary>
    private static void Lie(ObjectStore store, Random random)
    {
        var keys = store.Keys;
        store.Change(keys[random.Next(keys.Count)], content =>
        {
            foreach (var magic in new[] { TrailerFrame.SegmentMagic.ToArray(), TrailerFrame.SnapshotMagic.ToArray() })
            {
                if (TrailerFrame.Unwrap(content, magic, out var length, out var version, out var body) == TrailerState.Sound)
                {
                    var lie = body.ToArray();
                    for (var bytes = random.Next(1, 5); bytes > 0; bytes--)
                    {
                        lie[random.Next(lie.Length)] = (byte)(random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => random.Next(256) });
                    }

                    lie = random.Next(8) == 0 ? lie[..random.Next(lie.Length)] : lie;
                    return [.. content[..^length], .. TrailerFrame.Wrap(version, lie, magic)];
                }
            }

            return content;
        });
    }

    private static byte[] Scramble(byte[] content, Random random)
    {
        var result = content.ToArray();
        for (var i = random.Next(0, Math.Min(64, result.Length)); i < result.Length; i++)
        {
            result[i] = (byte)random.Next(256);
        }

        return result;
    }

    /// <returns>Null if it was refused.</returns>
    private async Task<byte[]?> RestoreAsync(ObjectStore store, RestoreOptions? options = null)
    {
        options ??= new RestoreOptions();
        options.OutputPath = _directory.File($"{_files++}.db");
        options.IntegrityCheck = IntegrityCheck.None;
        var time = new InstantTimeProvider(SyntheticHistory.Start.AddDays(1));
        try
        {
            await new RestoreRunner(store, null, NullLogger.Instance, time).RunAsync(options, CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));
        }
        catch (LitestreamException)
        {
            Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty("a refusal leaves nothing");
            return null;
        }

        new FileInfo(options.OutputPath).Length.Should().BeLessThan(16 * 1024 * 1024);
        var restored = await File.ReadAllBytesAsync(options.OutputPath);
        File.Delete(options.OutputPath);
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
        return restored;
    }

    private sealed class CountingStream(Stream inner, Action<long> onRead) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = inner.Read(buffer, offset, count);
            onRead(_read += read);
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
