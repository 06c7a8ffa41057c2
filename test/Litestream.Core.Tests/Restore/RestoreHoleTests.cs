using CsCheck;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

/// <summary>
/// Generations whose replica fell behind and rejoined with a fresh snapshot: what lies before the hole and what lies behind
/// it can be restored, and what lies in it is refused in words.
/// </summary>
public sealed class RestoreHoleTests : IDisposable
{
    private const int Rounds = 25;

    private readonly TempDirectory _directory = new();
    private int _files;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_moment_in_a_hole_is_refused_with_the_times_around_it()
    {
        var history = Rejoined(seed: 41, out var before, out _, out var behind);

        var again = history.Commits.Single(commit => commit.Position.Index == behind.Index && commit.Position.Offset == behind.CoveredOffset).Time;
        Seconds(before.Time, again).Should().NotBeEmpty();
        foreach (var second in Seconds(before.Time, again))
        {
            await Restoring(history, new RestoreOptions { Timestamp = second }).Should().ThrowAsync<BackupNotFoundException>()
                .WithMessage($"The time {second.UtcDateTime:O} cannot be restored: *rejoined*{before.Time.UtcDateTime:O}*{again.UtcDateTime:O}*'{behind.Key}'*");
        }
    }

    [Fact]
    public async Task The_last_commit_before_a_hole_is_restored_by_its_time_and_position()
    {
        var history = Rejoined(seed: 42, out var before, out _, out _);

        await VerifyAsync(history, new RestoreOptions { Timestamp = before.Time }, before);
        await VerifyAsync(history, new RestoreOptions { Position = before.Position }, before);
    }

    [Fact]
    public async Task Behind_a_hole_the_snapshot_there_is_used()
    {
        var history = Rejoined(seed: 43, out _, out _, out var behind);
        var last = history.Commits[^1];

        await VerifyAsync(history, new RestoreOptions(), last);
        await VerifyAsync(history, new RestoreOptions { Timestamp = last.Time }, last);
        await VerifyAsync(history, new RestoreOptions { Timestamp = behind.TakenAt }, history.Commits.Last(commit => commit.Time <= behind.TakenAt));
    }

    [Fact]
    public async Task Positions_and_indexes_in_a_hole_are_refused()
    {
        var history = Rejoined(seed: 44, out var before, out var lost, out _);

        await Restoring(history, new RestoreOptions { Position = lost.Position }).Should().ThrowAsync<BackupNotFoundException>();
        await Restoring(history, new RestoreOptions { Index = lost.Position.Index }).Should().ThrowAsync<BackupNotFoundException>()
            .WithMessage("The end of the index * cannot be restored: *rejoined*");

        // Nobody knows whether its WAL went on.
        await Restoring(history, new RestoreOptions { Index = before.Position.Index }).Should().ThrowAsync<BackupNotFoundException>();
    }

    [Fact]
    public async Task A_replica_that_has_just_rejoined_and_has_no_wal_behind_its_snapshot_yet_has_a_hole_too()
    {
        var history = new SyntheticHistory(seed: 45);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        var before = history.Commits[^1];
        history.Commit();
        history.BeginIndex();
        history.LoseSight();
        history.Commit();
        history.Snapshot();
        var behind = history.Snapshots[^1];

        await VerifyAsync(history, new RestoreOptions(), history.Commits[^1]);
        await VerifyAsync(history, new RestoreOptions { Timestamp = before.Time }, before);
        await Restoring(history, new RestoreOptions { Timestamp = before.Time.AddSeconds(1) }).Should().ThrowAsync<BackupNotFoundException>();
        (await RangesAsync(history)).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_time_line_shows_the_hole()
    {
        var history = Rejoined(seed: 46, out var before, out _, out var behind);

        var ranges = await RangesAsync(history);

        var again = history.Commits.Single(commit => commit.Position.Index == behind.Index && commit.Position.Offset == behind.CoveredOffset).Time;
        ranges.Should().Equal(
            new BackupRange(history.Snapshots[0].TakenAt, before.Time, history.Snapshots[0].Index, before.Position.Index),
            new BackupRange(again, history.Commits[^1].Time, behind.Index, history.CurrentIndex));
    }

    [Fact]
    public async Task An_index_that_is_missing_without_a_word_is_damage()
    {
        var history = new SyntheticHistory(seed: 47);
        history.BeginIndex();
        history.Snapshot();
        for (var index = 0; index < 3; index++)
        {
            history.Commit();
            history.Cut();
            history.BeginIndex();
        }

        history.Commit();
        history.Cut();
        var (before, lost) = (history.Commits[1], history.Commits[2]);
        history.Store.Remove(history.Segments[1].Key);

        await VerifyAsync(history, new RestoreOptions { Timestamp = before.Time }, before);
        await Restoring(history, new RestoreOptions { Timestamp = lost.Time }).Should().ThrowAsync<ReplicaCorruptedException>()
            .WithMessage($"*{lost.Position.Index:x8} is missing*");
    }

    [Fact]
    public async Task Whatever_the_holes_every_time_gives_the_state_of_then_or_is_refused() =>
        await Gen.Int[0, 1_000_000].SampleAsync(
            async seed =>
            {
                var history = WithRejoins(seed);
                var ranges = await RangesAsync(history);
                for (var time = SyntheticHistory.Start; time <= history.Now; time += TimeSpan.FromSeconds(1))
                {
                    var expected = ExpectedAt(history, time);
                    ranges.Any(range => range.From <= time && (time <= range.Until || range == ranges[^1])).Should().Be(
                        expected is not null,
                        "the time line says whether {0:O} can be restored",
                        time);
                    await VerifyAsync(history, new RestoreOptions { Timestamp = time }, expected);
                }
            },
            iter: Rounds,
            threads: 1);

    [Fact]
    public async Task Whatever_the_holes_every_position_gives_its_state_or_is_refused() =>
        await Gen.Int[0, 1_000_000].SampleAsync(
            async seed =>
            {
                var history = WithRejoins(seed);
                foreach (var commit in history.Commits)
                {
                    await VerifyAsync(history, new RestoreOptions { Position = commit.Position }, IsRestorable(history, commit) ? commit : null);
                }
            },
            iter: Rounds,
            threads: 1);

    private static SyntheticHistory Rejoined(int seed, out SyntheticCommit before, out SyntheticCommit lost, out SyntheticSnapshot behind)
    {
        var history = new SyntheticHistory(seed);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        before = history.Commits[^1];
        history.Commit();
        history.BeginIndex();
        history.Commit();
        lost = history.Commits[^1];
        if (seed % 2 == 0)
        {
            // Else the names alone do not tell.
            history.BeginIndex();
        }

        history.BeginIndex();
        history.LoseSight();
        history.Commit();
        history.Snapshot();
        behind = history.Snapshots[^1];
        history.Commit();
        history.Cut();
        return history;
    }

    private static SyntheticHistory WithRejoins(int seed)
    {
        var random = new Random(seed);
        var history = new SyntheticHistory(seed);
        history.BeginIndex();
        if (random.Next(2) == 0)
        {
            history.Commit();
        }

        history.Snapshot();
        for (int stretch = 0, stretches = random.Next(1, 4); stretch < stretches; stretch++)
        {
            for (var rounds = random.Next(stretch == 0 ? 1 : 0, 4); rounds > 0; rounds--)
            {
                history.Commit();
                history.Cut();
                if (random.Next(2) == 0)
                {
                    history.BeginIndex();
                    history.Commit();
                    history.Cut();
                }
            }

            if (stretch == stretches - 1)
            {
                break;
            }

            history.Commit();
            for (var indexes = random.Next(0, 3); indexes > 0; indexes--)
            {
                history.BeginIndex();
                history.Commit();
            }

            history.BeginIndex();
            history.LoseSight();
            history.Commit();
            if (random.Next(2) == 0)
            {
                history.Commit();
            }

            history.Snapshot();
        }

        history.Store.Order = objects => objects.OrderBy(_ => random.Next());
        return history;
    }

    /// <summary>By brute force: the last commit at or before a time, if every commit from a snapshot to it is there, and nothing that is missing may have followed by then.</summary>
    private static SyntheticCommit? ExpectedAt(SyntheticHistory history, DateTimeOffset time)
    {
        var at = history.Commits.FindLastIndex(commit => commit.Time <= time);
        if (at < 0 || !IsRestorable(history, history.Commits[at]))
        {
            return null;
        }

        var found = history.Commits[at];
        var taken = history.Snapshots.Where(snapshot => PositionOf(history, snapshot) == found.Position).Select(snapshot => snapshot.TakenAt).ToList();
        if (!IsUploaded(history, found) && taken.Min() > time)
        {
            // Only the snapshot holds it, which does not say when it was committed.
            return null;
        }

        if (at == history.Commits.Count - 1 || IsThere(history, history.Commits[at + 1], found))
        {
            return found;
        }

        return time <= taken.Append(found.Time).Max() ? found : null;
    }

    private static bool IsRestorable(SyntheticHistory history, SyntheticCommit commit) =>
        history.Snapshots.Any(snapshot =>
        {
            var from = PositionOf(history, snapshot);
            return commit.Position == from
                || (commit.Position.Covers(from)
                    && history.Commits.Where(other => other.Position.Covers(from) && other.Position != from && commit.Position.Covers(other.Position))
                        .All(other => IsUploaded(history, other)));
        });

    // The next commit is on the replica, and so is all between.
    private static bool IsThere(SyntheticHistory history, SyntheticCommit next, SyntheticCommit before) =>
        IsUploaded(history, next) && IsRestorable(history, next)
        && (next.Position.Index == before.Position.Index || before.Position.Offset == 0 || IsUploaded(history, before) || IsRestorable(history, before))
        && !history.Snapshots.Any(snapshot => snapshot.Index == next.Position.Index && snapshot.Index != before.Position.Index && IsMarked(history, snapshot));

    private static bool IsMarked(SyntheticHistory history, SyntheticSnapshot snapshot) => snapshot != history.Snapshots[0];

    private static bool IsUploaded(SyntheticHistory history, SyntheticCommit commit) =>
        history.Segments.Any(segment => segment.Index == commit.Position.Index
            && segment.Offset < commit.Position.Offset && commit.Position.Offset <= segment.EndOffset);

    private static ReplicationPosition PositionOf(SyntheticHistory history, SyntheticSnapshot snapshot) =>
        new(history.Generation, snapshot.Index, snapshot.CoveredOffset);

    private static IEnumerable<DateTimeOffset> Seconds(DateTimeOffset behind, DateTimeOffset before)
    {
        for (var time = behind.AddSeconds(1); time < before; time += TimeSpan.FromSeconds(1))
        {
            yield return time;
        }
    }

    private static async Task<IReadOnlyList<BackupRange>> RangesAsync(SyntheticHistory history)
    {
        var generations = new List<BackupGeneration>();
        await foreach (var generation in history.Store.ListBackupsAsync())
        {
            generations.Add(generation);
        }

        return generations.Should().ContainSingle().Subject.Ranges;
    }

    private async Task VerifyAsync(SyntheticHistory history, RestoreOptions options, SyntheticCommit? expected)
    {
        if (expected is null)
        {
            await Restoring(history, options).Should().ThrowAsync<BackupNotFoundException>();
            return;
        }

        var result = await RestoreAsync(history, options);

        result.Position.Should().Be(expected.Position);
        (await File.ReadAllBytesAsync(options.OutputPath)).AsSpan().SequenceEqual(expected.Image).Should().BeTrue();
        File.Delete(options.OutputPath);
    }

    private Func<Task> Restoring(SyntheticHistory history, RestoreOptions options) => () => RestoreAsync(history, options);

    private async Task<RestoreResult> RestoreAsync(SyntheticHistory history, RestoreOptions options)
    {
        options.OutputPath = _directory.File($"{_files++}.db");
        options.IntegrityCheck = IntegrityCheck.None;
        return await new RestoreRunner(history.Store, null, NullLogger.Instance, new InstantTimeProvider(history.Now.AddDays(1)))
            .RunAsync(options, CancellationToken.None);
    }
}
