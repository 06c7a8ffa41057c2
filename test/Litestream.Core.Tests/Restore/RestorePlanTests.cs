using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

/// <summary>The edges of a plan, each by a replica that shows it.</summary>
public sealed class RestorePlanTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Output => _directory.File("app.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_snapshot_ahead_of_the_WAL_is_refused()
    {
        var history = new SyntheticHistory(seed: 21);
        history.BeginIndex();
        history.Commit();
        history.Commit();
        history.Snapshot();
        history.Cut(history.Commits[0]);

        await Restoring(history, new RestoreOptions()).Should().ThrowAsync<ReplicaCorruptedException>()
            .WithMessage($"*{history.Snapshots[0].Key}*{history.Segments[0].Key}*missing*");
    }

    [Fact]
    public async Task Instead_of_a_snapshot_ahead_of_what_is_asked_an_older_one_is_taken()
    {
        var history = new SyntheticHistory(seed: 22);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.BeginIndex();
        history.Commit();
        var asked = history.Commits[^1];
        history.Commit();
        history.Cut();
        history.Snapshot();

        await VerifyAsync(history, new RestoreOptions { Position = asked.Position }, asked);
        await VerifyAsync(history, new RestoreOptions { Timestamp = asked.Time }, asked);
    }

    [Fact]
    public async Task A_snapshot_that_lost_what_it_says_of_itself_is_not_turned_back_to_a_position_before_it()
    {
        var history = new SyntheticHistory(seed: 20);
        history.BeginIndex();
        history.Commit();
        history.Commit();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.Store.Change(history.Snapshots[0].Key, _ => SyntheticHistory.Encode(history.Snapshots[0].Image, trailer: []));

        await Restoring(history, new RestoreOptions { Position = history.Commits[0].Position }).Should().ThrowAsync<BackupNotFoundException>();

        // Nor is it built upon: who has lost the end of an object may have lost more.
        await Restoring(history, new RestoreOptions { Position = history.Commits[2].Position }).Should().ThrowAsync<ReplicaCorruptedException>().WithMessage("*trailer*missing*");
        await Restoring(history, new RestoreOptions()).Should().ThrowAsync<ReplicaCorruptedException>().WithMessage("*trailer*missing*");
    }

    [Fact]
    public async Task A_snapshot_of_another_history_is_refused()
    {
        var (history, other) = (WithSnapshotInTheMiddle(23), WithSnapshotInTheMiddle(25));
        history.Store.Put(history.Snapshots[0].Key, other.Store[other.Snapshots[0].Key], history.Now);

        await Restoring(history, new RestoreOptions()).Should().ThrowAsync<ReplicaCorruptedException>().WithMessage("*mixed*");
    }

    [Fact]
    public async Task A_segment_of_another_history_is_refused()
    {
        var (history, other) = (WithSnapshotInTheMiddle(23), WithSnapshotInTheMiddle(25));
        history.Store.Put(history.Segments[0].Key, other.Store[other.Segments[0].Key], history.Now);

        await Restoring(history, new RestoreOptions()).Should().ThrowAsync<ReplicaCorruptedException>();
    }

    [Fact]
    public async Task A_segment_that_lies_under_the_name_of_another_does_not_tell_times()
    {
        var history = new SyntheticHistory(seed: 24);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.Commit();
        history.Cut();
        var first = history.Store[history.Segments[0].Key];
        history.Store.Change(history.Segments[1].Key, _ => first);

        await Restoring(history, new RestoreOptions { Timestamp = history.Commits[^1].Time }).Should().ThrowAsync<ReplicaCorruptedException>()
            .WithMessage($"*{history.Segments[1].Key}*was written as*");
    }

    [Fact]
    public async Task Commits_of_unknown_time_that_the_snapshot_contains_are_not_undone()
    {
        long known = 0;
        var history = new SyntheticHistory(seed: 26);
        history.Noticed = time => time.EndOffset == known ? time : time with { NoticedAt = null };
        history.BeginIndex();
        history.Commit();
        known = history.Commits[0].Position.Offset;
        history.Commit();
        history.Snapshot();
        var (taken, state) = (history.Now, history.Commits[^1]);
        history.Commit();
        history.Cut();

        await VerifyAsync(history, new RestoreOptions { Timestamp = taken }, state);
    }

    [Fact]
    public async Task A_hole_that_a_segment_tells_of_is_not_crossed()
    {
        // The replica fell behind and joined again with a snapshot, which is gone: the WAL before it is not all there.
        var history = new SyntheticHistory(seed: 27);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.Commit();
        history.BeginIndex();
        history.LoseSight();
        history.Commit();
        history.Cut();

        await Restoring(history, new RestoreOptions()).Should().ThrowAsync<ReplicaCorruptedException>()
            .WithMessage($"*{history.Segments[^1].Key}*hole*");
    }

    [Fact]
    public async Task A_hole_below_the_newest_snapshot_does_no_harm_and_what_lies_before_it_is_there()
    {
        var history = new SyntheticHistory(seed: 28);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        var before = history.Commits[^1];
        history.BeginIndex();
        history.Commit();
        history.BeginIndex();
        history.BeginIndex();
        history.LoseSight();
        history.Commit();
        history.Snapshot();
        history.Commit();
        history.Cut();

        await VerifyAsync(history, new RestoreOptions(), history.Commits[^1]);
        await VerifyAsync(history, new RestoreOptions { Position = before.Position }, before);
        await VerifyAsync(history, new RestoreOptions { Timestamp = before.Time }, before);
        await Restoring(history, new RestoreOptions { Index = before.Position.Index + 1 }).Should().ThrowAsync<ReplicaException>();
    }

    [Fact]
    public async Task The_end_of_an_index_that_lost_its_tail_is_refused_when_the_next_one_tells_of_it()
    {
        var history = new SyntheticHistory(seed: 29);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.Commit();
        history.Cut();
        history.BeginIndex();
        history.Commit();
        history.Cut();
        history.Store.Remove(history.Segments[1].Key);

        var (latest, index) = (new RestoreOptions(), new RestoreOptions { Index = history.Segments[0].Index });
        var start = new RestoreOptions { Position = new ReplicationPosition(history.Generation, history.Segments[^1].Index, 0) };
        foreach (var options in (RestoreOptions[])[latest, index, start])
        {
            await Restoring(history, options).Should().ThrowAsync<ReplicaCorruptedException>().WithMessage($"*{history.Segments[0].Key}*missing*");
        }
    }

    [Fact]
    public async Task The_start_of_an_index_is_the_end_of_the_one_before()
    {
        var history = WithSnapshotInTheMiddle(30);
        var end = history.Commits[^1];
        var asked = new ReplicationPosition(history.Generation, end.Position.Index + 1, 0);

        var result = await RestoreAsync(history, new RestoreOptions { Position = asked });

        result.Position.Should().Be(asked);
        (await File.ReadAllBytesAsync(Output)).Should().Equal(end.Image);
    }

    [Theory]
    [InlineData(-1, "*No commit ends at*")]
    [InlineData(536, "*cannot be restored*")]
    public async Task A_position_that_is_no_commit_is_not_there(int distance, string message)
    {
        var history = WithSnapshotInTheMiddle(31);
        var end = history.Commits[^1].Position;

        await Restoring(history, new RestoreOptions { Position = end with { Offset = end.Offset + distance } })
            .Should().ThrowAsync<BackupNotFoundException>().WithMessage(message);
    }

    [Fact]
    public async Task A_time_needs_few_requests_however_long_the_history()
    {
        var history = new SyntheticHistory(seed: 32);
        history.BeginIndex();
        history.Snapshot();
        for (var i = 0; i < 300; i++)
        {
            history.Commit();
            history.Cut();
        }

        var catalog = await ReplicaCatalog.LoadAsync(history.Store, null, CancellationToken.None);
        var reader = new ReplicaReader(history.Store, TimeProvider.System, NullLogger.Instance);
        var requests = 0;
        history.Store.OnOpen = (_, _) => requests++;

        foreach (var commit in history.Commits.Where((_, i) => i % 50 == 7))
        {
            requests = 0;
            var plan = await new RestorePlanner(catalog, reader, history.Now).PlanAsync(new RestoreOptions { Timestamp = commit.Time }, CancellationToken.None);
            plan.Segments[^1].Key.Should().Be(history.Segments.Single(segment => segment.EndOffset == commit.Position.Offset).Key);
        }

        requests.Should().BeLessThan(12);
    }

    [Fact]
    public async Task Of_two_names_for_one_WAL_the_compressed_one_is_read()
    {
        // v0.3.3 died between compressing a finished WAL and removing the original.
        var history = new SyntheticHistory(seed: 33, trailers: false);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        var old = $"generations/{history.Generation}/wal/{history.Segments[0].Index:x8}.wal";
        history.Store.Put(old + ".lz4", history.Store[history.Segments[0].Key], history.Now);
        history.Store.Put(old, [1, 2, 3], history.Now);
        history.Store.Remove(history.Segments[0].Key);

        await VerifyAsync(history, new RestoreOptions(), history.Commits[^1]);
    }

    [Fact]
    public async Task Commits_of_unknown_time_do_not_make_an_older_generation_the_newer_one()
    {
        // After a power cut the end of the old generation, whose times are lost, is uploaded late, to a store with another clock.
        var older = WithSnapshotInTheMiddle(41, "000000000000000a", time => time with { NoticedAt = null });
        var newer = WithSnapshotInTheMiddle(42, "000000000000000b", time => time, older);
        older.Store.Put(older.Segments[^1].Key, older.Store[older.Segments[^1].Key], newer.Now.AddMinutes(1));

        await VerifyAsync(newer, new RestoreOptions(), newer.Commits[^1]);
    }

    [Fact]
    public async Task A_generation_that_is_only_a_snapshot_yet_is_as_new_as_its_writer_says()
    {
        var older = WithSnapshotInTheMiddle(43, "000000000000000a", time => time);
        var newer = new SyntheticHistory(44, "000000000000000b", clock: 1000) { Store = older.Store };
        newer.BeginIndex();
        newer.Snapshot();
        older.Store.Put(newer.Snapshots[^1].Key, older.Store[newer.Snapshots[^1].Key], SyntheticHistory.Start.AddDays(-1));

        await VerifyAsync(newer, new RestoreOptions(), newer.Commits[^1]);
    }

    private static SyntheticHistory WithSnapshotInTheMiddle(
        int seed, string generation, Func<CommitTime, CommitTime> noticed, SyntheticHistory? before = null)
    {
        var history = new SyntheticHistory(seed, generation, clock: before is null ? 0 : 1000)
        {
            Store = before?.Store ?? new ObjectStore(),
            Noticed = noticed,
        };
        history.BeginIndex();
        history.Commit();
        history.Snapshot();
        history.Commit();
        history.Cut();
        return history;
    }

    private static SyntheticHistory WithSnapshotInTheMiddle(int seed)
    {
        var history = new SyntheticHistory(seed);
        history.BeginIndex();
        history.Commit();
        history.Snapshot();
        history.Commit();
        history.Cut();
        return history;
    }

    private async Task VerifyAsync(SyntheticHistory history, RestoreOptions options, SyntheticCommit expected)
    {
        var result = await RestoreAsync(history, options);

        result.Position.Should().Be(expected.Position);
        (await File.ReadAllBytesAsync(Output)).Should().Equal(expected.Image);
        File.Delete(Output);
    }

    private Func<Task> Restoring(SyntheticHistory history, RestoreOptions options) => () => RestoreAsync(history, options);

    private async Task<RestoreResult> RestoreAsync(SyntheticHistory history, RestoreOptions options)
    {
        options.OutputPath = Output;
        options.IntegrityCheck = IntegrityCheck.None;
        return await new RestoreRunner(history.Store, null, NullLogger.Instance, new InstantTimeProvider(history.Now.AddDays(1)))
            .RunAsync(options, CancellationToken.None);
    }
}
