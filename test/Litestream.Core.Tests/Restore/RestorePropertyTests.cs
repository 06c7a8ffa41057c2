using CsCheck;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Restore;

/// <summary>Made-up histories, of which every state is known: whatever is asked, the answer is that state or an error.</summary>
public sealed class RestorePropertyTests : IDisposable
{
    private const int Rounds = 30;

    private static readonly Gen<int> Seeds = Gen.Int[0, 1_000_000];

    private readonly TempDirectory _directory = new();
    private int _files;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_commit_can_be_restored_by_its_position() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var history = Create(seed);
                foreach (var commit in history.Commits)
                {
                    var expected = IsRestorable(history, commit) ? commit : null;
                    await VerifyAsync(history, expected, new RestoreOptions { Position = commit.Position });
                }
            },
            iter: Rounds / 2,
            threads: 1);

    [Fact]
    public async Task Every_time_gives_the_last_commit_noticed_by_then() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var history = Create(seed);
                for (var time = SyntheticHistory.Start; time <= history.Now; time += TimeSpan.FromSeconds(1))
                {
                    var expected = history.Commits.LastOrDefault(commit => commit.Time <= time);
                    expected = expected is not null && IsRestorable(history, expected) ? expected : null;
                    await VerifyAsync(history, expected, new RestoreOptions { Timestamp = time });
                }
            },
            iter: Rounds / 2,
            threads: 1);

    [Fact]
    public async Task Every_index_gives_its_last_commit() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var history = Create(seed);
                for (var index = 0; index <= history.CurrentIndex + 1; index++)
                {
                    var expected = index > history.CurrentIndex ? null : history.Commits.LastOrDefault(commit => commit.Position.Index == index);
                    await VerifyAsync(history, expected, new RestoreOptions { Index = index });
                }
            },
            iter: Rounds,
            threads: 1);

    [Fact]
    public async Task Without_trailers_the_end_and_each_index_are_the_same() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var history = SyntheticHistory.Create(seed, trailers: false);
                await VerifyAsync(history, history.Commits[^1], new RestoreOptions());
                var first = history.Snapshots[0].Index;
                await VerifyAsync(history, history.Commits.Last(commit => commit.Position.Index == first), new RestoreOptions { Index = first });
            },
            iter: Rounds,
            threads: 1);

    [Fact]
    public async Task Of_two_generations_the_newer_serves_unless_the_time_lies_before_it() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var first = SyntheticHistory.Create(seed, indexes: 2);
                var second = SyntheticHistory.Create(
                    seed + 1, indexes: 2, generation: seed % 2 == 0 ? "0000000000000001" : "ff00000000000000",
                    store: first.Store, clock: (int)(first.Now - SyntheticHistory.Start).TotalSeconds + 10);

                await VerifyAsync(second, second.Commits[^1], new RestoreOptions());
                await VerifyAsync(second, first.Commits[^1], new RestoreOptions { Timestamp = first.Now.AddSeconds(5) });
                await VerifyAsync(second, first.Commits[^1], new RestoreOptions { Generation = first.Generation });
            },
            iter: Rounds,
            threads: 1);

    [Fact]
    public async Task Damage_of_any_kind_never_gives_wrong_data() =>
        await Seeds.SampleAsync(
            async seed =>
            {
                var history = Create(seed);
                var random = new Random(seed);
                for (var damages = random.Next(1, 4); damages > 0; damages--)
                {
                    Damage(history.Store, random);
                }

                var target = history.Commits[random.Next(history.Commits.Count)];
                await VerifyDamagedAsync(history, new RestoreOptions());
                await VerifyDamagedAsync(history, new RestoreOptions { Position = target.Position });
                await VerifyDamagedAsync(history, new RestoreOptions { Timestamp = target.Time });
                await VerifyDamagedAsync(history, new RestoreOptions { Index = target.Position.Index });
            },
            iter: Rounds * 3,
            threads: 1);

    private static SyntheticHistory Create(int seed)
    {
        var history = SyntheticHistory.Create(seed);
        history.Store.Put("generations/00000000000000aa/wal/readme.txt", [1, 2, 3], SyntheticHistory.Start);
        var random = new Random(seed);
        history.Store.Order = objects => objects.OrderBy(_ => random.Next());
        return history;
    }

    // What lies before what the first snapshot already contains is gone.
    private static bool IsRestorable(SyntheticHistory history, SyntheticCommit commit) =>
        commit.Position.Covers(new ReplicationPosition(history.Generation, history.Snapshots[0].Index, history.Snapshots[0].CoveredOffset));

    private static void Damage(ObjectStore store, Random random)
    {
        var keys = store.Keys.Where(key => key.EndsWith(".lz4", StringComparison.Ordinal)).ToList();
        if (keys.Count == 0)
        {
            return;
        }

        var key = keys[random.Next(keys.Count)];
        var other = keys[random.Next(keys.Count)];
        switch (random.Next(5))
        {
            case 0:
            case 1:
                store.Remove(key);
                break;
            case 2:
                store.Change(key, content => content[..random.Next(content.Length)]);
                break;
            case 3:
                store.Change(key, content =>
                {
                    var changed = content.ToArray();
                    if (changed.Length > 0)
                    {
                        changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
                    }

                    return changed;
                });
                break;
            default:
                store.Change(key, _ => store[other]);
                break;
        }
    }

    private async Task VerifyAsync(SyntheticHistory history, SyntheticCommit? expected, RestoreOptions options)
    {
        var restoring = () => RestoreAsync(history, options);
        if (expected is null)
        {
            await restoring.Should().ThrowAsync<BackupNotFoundException>();
            return;
        }

        var (result, image) = await restoring();
        result.Position.Should().Be(expected.Position);
        image.AsSpan().SequenceEqual(expected.Image).Should().BeTrue("that is the state at {0}", expected.Position);
    }

    private async Task VerifyDamagedAsync(SyntheticHistory history, RestoreOptions options)
    {
        try
        {
            var (result, image) = await RestoreAsync(history, options);

            // The start of an index is the end of the one before.
            var state = result.Position.Offset == 0
                ? history.Commits.Last(commit => commit.Position == result.Position || commit.Position.Index < result.Position.Index)
                : history.Commits.Single(commit => commit.Position == result.Position);
            image.AsSpan().SequenceEqual(state.Image).Should().BeTrue("that is the state at {0}", state.Position);
            if (options.Position is { } asked)
            {
                result.Position.Should().Be(asked);
            }
            else if (options.Timestamp is { } time)
            {
                state.Time.Should().BeOnOrBefore(time);
            }
            else
            {
                // Only what nothing on the replica tells of may be missing from the end: no commit in what is there.
                history.Segments.Where(segment => history.Store.Keys.Contains(segment.Key) && segment.Index <= (options.Index ?? int.MaxValue))
                    .SelectMany(segment => history.Commits.Where(commit => commit.Position.Index == segment.Index
                        && commit.Position.Offset > segment.Offset && commit.Position.Offset <= segment.EndOffset))
                    .Where(commit => !result.Position.Covers(commit.Position)).Should().BeEmpty();
            }
        }
        catch (Exception exception) when (exception is ReplicaCorruptedException or BackupNotFoundException)
        {
        }
    }

    private async Task<(RestoreResult Result, byte[] Image)> RestoreAsync(SyntheticHistory history, RestoreOptions options)
    {
        options.OutputPath = _directory.File($"{_files++}.db");
        options.IntegrityCheck = IntegrityCheck.None;
        var time = new FakeTimeProvider(history.Now.AddHours(1));
        var result = await new RestoreRunner(history.Store, null, NullLogger.Instance, time).RunAsync(options, CancellationToken.None);
        var image = await File.ReadAllBytesAsync(options.OutputPath);
        File.Delete(options.OutputPath);
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
        return (result, image);
    }
}
