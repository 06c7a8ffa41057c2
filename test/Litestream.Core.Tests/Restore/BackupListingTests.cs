using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Restore;

public sealed class BackupListingTests : IDisposable
{
    private readonly Testing.TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Shows_generations_newest_first_with_snapshots_sizes_and_times()
    {
        var first = SyntheticHistory.Create(51, indexes: 3, generation: "ff00000000000000");
        var second = SyntheticHistory.Create(
            52, indexes: 2, generation: "0000000000000001", store: first.Store, clock: (int)(first.Now - SyntheticHistory.Start).TotalSeconds + 10);

        var listed = await ListAsync(first.Store);

        listed.Select(generation => generation.Name).Should().Equal(second.Generation, first.Generation);
        foreach (var (generation, history) in listed.Zip((SyntheticHistory[])[second, first]))
        {
            generation.Replica.Should().Be(first.Store.Location.ToString());
            generation.Snapshots.Should().Equal(history.Snapshots.Select(snapshot =>
                new BackupSnapshot(snapshot.Index, snapshot.TakenAt, history.Store[snapshot.Key].Length)));
            generation.SnapshotBytes.Should().Be(generation.Snapshots.Sum(snapshot => snapshot.Size));
            generation.SegmentCount.Should().Be(history.Segments.Count);
            generation.SegmentBytes.Should().Be(history.Segments.Sum(segment => (long)history.Store[segment.Key].Length));
            generation.RestorableFrom.Should().BeOnOrBefore(history.Snapshots[0].TakenAt);
            generation.RestorableUntil.Should().Be(history.Commits[^1].Time > history.Snapshots[^1].TakenAt ? history.Commits[^1].Time : history.Snapshots[^1].TakenAt);
            generation.Ranges.Should().ContainSingle().Which.LastIndex.Should().Be(history.CurrentIndex);
        }
    }

    [Fact]
    public async Task An_empty_replica_holds_nothing() => (await ListAsync(new ObjectStore())).Should().BeEmpty();

    [Fact]
    public async Task A_replica_that_cannot_be_read_is_an_error()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        await File.WriteAllTextAsync(_directory.File("replica"), "no folder");

        await FluentActions.Awaiting(() => ListAsync(client)).Should().ThrowAsync<ReplicaException>();
    }

    [Fact]
    public async Task Without_trailers_the_times_are_the_stores()
    {
        var history = SyntheticHistory.Create(53, trailers: false);

        var listed = (await ListAsync(history.Store)).Should().ContainSingle().Subject;

        listed.RestorableFrom.Should().Be(history.Snapshots[0].TakenAt);
        listed.RestorableUntil.Should().Be(history.Segments[^1].CreatedAt);
    }

    [Fact]
    public async Task A_generation_without_a_snapshot_is_shown_and_cannot_be_restored()
    {
        var history = SyntheticHistory.Create(54);
        history.Snapshots.ForEach(snapshot => history.Store.Remove(snapshot.Key));

        var listed = (await ListAsync(history.Store)).Should().ContainSingle().Subject;

        listed.Ranges.Should().BeEmpty();
        listed.RestorableFrom.Should().BeNull();
        listed.SegmentCount.Should().Be(history.Segments.Count);
    }

    [Fact]
    public async Task A_damaged_object_hides_nothing_else()
    {
        var history = SyntheticHistory.Create(55);
        history.Store.Change(history.Segments[^1].Key, content => [.. content[..^9], 1, .. content[^8..]]);
        history.Store.OnOpen = (key, _) =>
        {
            if (key == history.Snapshots[0].Key)
            {
                throw new ReplicaObjectNotFoundException("Retention was here.", key);
            }
        };

        (await ListAsync(history.Store)).Should().ContainSingle().Which.SegmentCount.Should().Be(history.Segments.Count);
    }

    [Fact]
    public async Task A_time_between_two_generations_gives_the_end_of_the_first_and_says_so()
    {
        var first = SyntheticHistory.Create(56, indexes: 2);
        var second = SyntheticHistory.Create(
            57, indexes: 2, generation: "0000000000000001", store: first.Store, clock: (int)(first.Now - SyntheticHistory.Start).TotalSeconds + 10);
        var logger = new FakeLogger();
        var output = _directory.File("app.db");

        var result = await new RestoreRunner(first.Store, null, logger, new InstantTimeProvider(second.Now.AddDays(1))).RunAsync(
            new RestoreOptions { OutputPath = output, Timestamp = first.Now.AddSeconds(4), IntegrityCheck = IntegrityCheck.None }, CancellationToken.None);

        result.Position.Should().Be(first.Commits[^1].Position);
        logger.Collector.GetSnapshot().Should().ContainSingle(record => record.Id.Id == 5100)
            .Which.Message.Should().Contain(first.Generation).And.Contain(second.Generation);
    }

    [Fact]
    public async Task The_end_of_a_generation_is_restored_by_its_name_alone()
    {
        var first = SyntheticHistory.Create(58, indexes: 2);
        _ = SyntheticHistory.Create(
            59, indexes: 2, generation: "0000000000000001", store: first.Store, clock: (int)(first.Now - SyntheticHistory.Start).TotalSeconds + 10);
        var output = _directory.File("app.db");

        var result = await new RestoreRunner(first.Store, null, NullLogger.Instance, new InstantTimeProvider(first.Now.AddDays(1))).RunAsync(
            new RestoreOptions { OutputPath = output, Generation = first.Generation, IntegrityCheck = IntegrityCheck.None }, CancellationToken.None);

        result.Position.Should().Be(first.Commits[^1].Position);
        (await File.ReadAllBytesAsync(output)).Should().Equal(first.Commits[^1].Image);
    }

    [Fact]
    public async Task A_time_before_everything_is_refused_with_the_first_that_can_be_restored()
    {
        var history = SyntheticHistory.Create(60);

        var restoring = () => new RestoreRunner(history.Store, null, NullLogger.Instance, new InstantTimeProvider(history.Now)).RunAsync(
            new RestoreOptions { OutputPath = _directory.File("app.db"), Timestamp = SyntheticHistory.Start.AddDays(-1) }, CancellationToken.None);

        await restoring.Should().ThrowAsync<BackupNotFoundException>()
            .WithMessage($"*lies before the first snapshot*{history.Commits[0].Time.UtcDateTime:yyyy-MM-ddTHH:mm}*{history.Commits[^1].Time.UtcDateTime:O}*");
    }

    private static async Task<List<BackupGeneration>> ListAsync(IReplicaClient client)
    {
        var listed = new List<BackupGeneration>();
        await foreach (var generation in client.ListBackupsAsync())
        {
            listed.Add(generation);
        }

        return listed;
    }
}
