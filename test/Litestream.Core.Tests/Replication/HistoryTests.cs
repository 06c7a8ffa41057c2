namespace Litestream.Replication;

/// <summary>A week as Litestream v0.3.3 announced it: keep 24 hours, a snapshot every 4.</summary>
public sealed class HistoryTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(10);

    private readonly HistoryScene _history = new();

    [Fact]
    public async Task Six_snapshots_exist_at_any_time_and_every_moment_of_the_last_day_restores()
    {
        var (scene, random) = (_history.Scene, new Random(3));
        (scene.Options.SnapshotInterval, scene.Options.Retention) = (TimeSpan.FromHours(4), TimeSpan.FromHours(24));
        var worker = scene.Worker();
        _history.Commit();
        await worker.RunOnceAsync(default);
        var start = _history.Now;

        for (var step = 0; step < 7 * 24 * 6; step++)
        {
            scene.Time.Advance(Step / 2);
            _history.Commit();
            if (step % 3 == 0)
            {
                scene.Capture.Checkpoint();
            }

            scene.Time.Advance(Step / 2);
            _history.Commit();
            (await worker.RunOnceAsync(default)).Should().BeTrue();
            await worker.RunUpkeepOnceAsync(default);
            _history.Trim(worker.ShadowClaim);

            if (_history.Now - start >= TimeSpan.FromHours(25))
            {
                var snapshots = _history.Snapshots();
                snapshots.Count(snapshot => snapshot.CreatedAt > _history.Now.AddHours(-24)).Should().BeInRange(6, 7);
                snapshots.Should().HaveCountLessThanOrEqualTo(8, "one more is needed for the moments before the oldest, one goes at the next look");
                snapshots.Min(snapshot => snapshot.CreatedAt).Should().BeOnOrBefore(_history.Now.AddHours(-24));
            }

            if (step % 144 == 143)
            {
                await SampleAsync(random, start, 25);
            }
        }

        await SampleAsync(random, start, 150);
        worker.GetStatus().Warning.Should().BeNull();
        scene.ShouldRestore();

        // Four hours of WAL at most lie between two snapshots, so no restore replays more.
        var times = _history.Snapshots().Select(snapshot => snapshot.CreatedAt).Order().ToList();
        times.Zip(times.Skip(1), (a, b) => b - a).Should().OnlyContain(gap => gap <= TimeSpan.FromHours(4) + Step + Step + Step);
        scene.Replica.StoredBytes.Should().BeLessThan(3_000_000, "a day and a few hours of it, not a week");
    }

    public void Dispose() => _history.Dispose();

    private async Task SampleAsync(Random random, DateTimeOffset start, int samples)
    {
        var from = _history.Now.AddHours(-24) > start ? _history.Now.AddHours(-24) : start;
        for (var i = 0; i < samples; i++)
        {
            var moment = from.AddSeconds(random.Next((int)(_history.Now - from).TotalSeconds + 1));
            (await _history.RestoreAsync(moment)).Should().Be(_history.RowsAt(moment), $"that is what it held at {moment:O}");
        }
    }
}
