using System.Collections.Concurrent;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

/// <summary>Objects of many parts, and restores that take longer than what they read lasts.</summary>
public sealed class LargeObjectTests : IDisposable
{
    private const int Part = ParallelRangeStream.PartBytes;

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_large_object_is_fetched_in_parts_of_which_some_are_on_their_way_at_once()
    {
        var (store, content) = StoreOf((3 * Part) + 777);
        var opened = new ConcurrentQueue<long>();
        store.OnOpen = (_, offset) => opened.Enqueue(offset);
        using var read = new MemoryStream();

        await using (var stream = Open(store, parallelism: 3))
        {
            (await stream.ReadAsync(new byte[1])).Should().Be(1);
            opened.Should().HaveCount(3, "so many are ahead");
            read.WriteByte(content[0]);
            await stream.CopyToAsync(read);
        }

        opened.Should().BeEquivalentTo([0L, Part, 2L * Part, 3L * Part]);
        read.ToArray().AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task A_part_whose_connection_breaks_goes_on_where_it_broke()
    {
        var (store, content) = StoreOf(2 * Part);
        var opened = new ConcurrentQueue<long>();
        store.OnOpen = (_, offset) => opened.Enqueue(offset);
        var breaks = 1;
        store.OnRead = (_, stream) => Interlocked.Decrement(ref breaks) == 0 ? new BreakingStream(stream, 1000) : stream;
        using var read = new MemoryStream();

        await using (var stream = Open(store, parallelism: 2))
        {
            await stream.CopyToAsync(read);
        }

        opened.Should().HaveCount(3);
        read.ToArray().AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task A_part_that_is_gone_ends_the_reading_and_leaves_nothing_running()
    {
        var (store, _) = StoreOf(4 * Part);
        store.OnOpen = (key, offset) =>
        {
            if (offset >= 2L * Part)
            {
                throw new ReplicaObjectNotFoundException("gone", key);
            }
        };

        await using var stream = Open(store, parallelism: 4);
        await stream.Awaiting(s => s.CopyToAsync(Stream.Null)).Should().ThrowAsync<ReplicaObjectNotFoundException>();
    }

    [Fact]
    public async Task A_database_whose_snapshot_has_many_parts_is_restored_byte_for_byte()
    {
        var history = new SyntheticHistory(seed: 81, pageSize: 65536);
        history.Grow(200);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.Commit();
        history.Cut();
        history.Store[history.Snapshots[0].Key].Length.Should().BeGreaterThan(3 * Part);

        await RestoreAsync(history, "app.db");

        (await File.ReadAllBytesAsync(_directory.File("app.db"))).AsSpan().SequenceEqual(history.Commits[^1].Image).Should().BeTrue();
    }

    [Fact]
    public async Task Damage_in_any_part_of_a_large_snapshot_is_found()
    {
        var history = new SyntheticHistory(seed: 82, pageSize: 65536);
        history.Grow(200);
        history.BeginIndex();
        history.Snapshot();
        var key = history.Snapshots[0].Key;
        foreach (var position in (int[])[100, Part + 5, (3 * Part) + 9])
        {
            var sound = history.Store[key];
            history.Store.Change(key, content => [.. content[..position], (byte)(content[position] ^ 16), .. content[(position + 1)..]]);

            await FluentActions.Awaiting(() => RestoreAsync(history, "app.db")).Should().ThrowAsync<ReplicaCorruptedException>().WithMessage($"*{key}*");

            history.Store.Change(key, _ => sound);
            Directory.EnumerateFiles(_directory.Path).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_restore_that_outlasts_several_rounds_of_retention_plans_anew_and_ends_with_what_is_there_then()
    {
        var history = SyntheticHistory.Create(83, indexes: 2);
        var (rounds, retention) = (0, new Lock());
        history.Store.OnOpen = (key, _) =>
        {
            lock (retention)
            {
                // Whenever the WAL of the plan is read, slow as the line is, retention has come by in between.
                if (rounds < 6 && key.Contains("/wal/", StringComparison.Ordinal))
                {
                    rounds++;
                    history.BeginIndex();
                    history.Commit();
                    history.Snapshot();
                    history.Commit();
                    history.Cut();
                    foreach (var old in history.Snapshots.Where(s => s.Index < history.CurrentIndex).Select(s => s.Key)
                        .Concat(history.Segments.Where(s => s.Index < history.CurrentIndex).Select(s => s.Key)))
                    {
                        history.Store.Remove(old);
                    }
                }
            }
        };

        var result = await RestoreAsync(history, "app.db");

        rounds.Should().Be(6);
        result.Position.Should().Be(history.Commits[^1].Position);
        (await File.ReadAllBytesAsync(_directory.File("app.db"))).AsSpan().SequenceEqual(history.Commits[^1].Image).Should().BeTrue();
    }

    [Fact]
    public async Task The_rest_is_estimated_by_the_pace_so_far()
    {
        var history = SyntheticHistory.Create(84, indexes: 3);
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(history.Now.AddHours(1));
        history.Store.OnOpen = (_, _) => time.Advance(TimeSpan.FromSeconds(2));
        var reports = new ConcurrentQueue<RestoreProgress>();

        await new RestoreRunner(history.Store, null, NullLogger.Instance, time).RunAsync(
            new RestoreOptions
            {
                OutputPath = _directory.File("app.db"),
                IntegrityCheck = IntegrityCheck.None,
                Parallelism = 1,
                Progress = new Inline(reports.Enqueue),
            },
            CancellationToken.None);

        reports.First().Remaining.Should().BeNull();
        reports.Where(report => report is { BytesDone: > 0 } && report.BytesDone < report.BytesTotal).Should().NotBeEmpty()
            .And.OnlyContain(report => report.Remaining > TimeSpan.Zero);
        reports.Last().Remaining.Should().Be(TimeSpan.Zero);
    }

    private static (ObjectStore Store, byte[] Content) StoreOf(int size)
    {
        var content = new byte[size];
        new Random(size).NextBytes(content);
        var store = new ObjectStore();
        store.Put("large", content, DateTimeOffset.UnixEpoch);
        return (store, content);
    }

    private static Stream Open(ObjectStore store, int parallelism) =>
        new ReplicaReader(store, new InstantTimeProvider(DateTimeOffset.UnixEpoch), NullLogger.Instance)
            .Open(new ReplicaObject("large", store["large"].Length, DateTimeOffset.UnixEpoch), parallelism, _ => { });

    private Task<RestoreResult> RestoreAsync(SyntheticHistory history, string name) =>
        new RestoreRunner(history.Store, null, NullLogger.Instance, new InstantTimeProvider(history.Now.AddHours(1))).RunAsync(
            new RestoreOptions { OutputPath = _directory.File(name), IntegrityCheck = IntegrityCheck.None }, CancellationToken.None);

    private sealed class Inline(Action<RestoreProgress> report) : IProgress<RestoreProgress>
    {
        public void Report(RestoreProgress value) => report(value);
    }
}
