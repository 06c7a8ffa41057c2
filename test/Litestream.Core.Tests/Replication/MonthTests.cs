namespace Litestream.Replication;

/// <summary>
/// A month of one replica's life, in an order drawn from a seed: writes, checkpoints, restarts, changes of generation, a
/// replica that lags until it has to rejoin, and a store whose calls fail before or after they took effect, deletions too.
/// After every step what was acknowledged restores, a moment within the retention restores to what the database held then,
/// and no more is stored than the retention explains.
/// </summary>
public sealed class MonthTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan Retention = TimeSpan.FromHours(24);

    private readonly HistoryScene _history = new();
    private readonly List<(DateTimeOffset From, DateTimeOffset To)> _lost = [];
    private ReplicaWorker _worker = null!;
    private double _failing;
    private long _acknowledged;
    private DateTimeOffset _acknowledgedAt;
    private DateTimeOffset _acknowledgedCommitAt;
    private DateTimeOffset? _losingSince;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Whatever_happens_in_a_month_the_last_day_restores(int seed)
    {
        var days = int.TryParse(Environment.GetEnvironmentVariable("LITESTREAM_HISTORY_DAYS"), out var asked) ? asked : 30;
        var (scene, random) = (_history.Scene, new Random(seed));
        (scene.Options.SnapshotInterval, scene.Options.Retention) = (TimeSpan.FromHours(4), Retention);
        Task FailMaybe() => random.NextDouble() < _failing
            ? throw new ReplicaException("The store is away.", innerException: null, isTransient: random.Next(4) > 0)
            : Task.CompletedTask;
        scene.Replica.Before = (_, _) => FailMaybe();
        scene.Replica.After = _ => FailMaybe();
        _worker = scene.Worker();
        _history.Commit();
        (await PassAsync()).Should().BeTrue();
        var start = _history.Now;
        var (most, checkedMoments, generations) = (0L, 0, 1);

        for (var step = 0; step < days * 48; step++)
        {
            scene.Time.Advance(Step);
            var kind = random.Next(100);
            if (kind < 4)
            {
                _failing = random.Next(3) * 0.2;
            }
            else if (kind < 7)
            {
                _worker.Dispose();
                _worker = scene.Worker();
            }
            else if (kind == 7)
            {
                _losingSince ??= _acknowledgedCommitAt;
                scene.Capture.Capture();
                scene.Capture.NewGeneration();
                generations++;
            }
            else if (kind == 8)
            {
                _losingSince ??= _acknowledgedCommitAt;
                _worker.DropClaim();
                scene.Capture.Checkpoint();
                _history.Trim(_worker.ShadowClaim);
            }
            else if (kind < 40)
            {
                scene.Capture.Checkpoint();
            }

            for (var commits = random.Next(3); commits > 0; commits--)
            {
                scene.Time.Advance(TimeSpan.FromSeconds(random.Next(1, 60)));
                _history.Commit();
            }

            await PassAsync();
            await scene.PumpAsync(_worker.RunUpkeepOnceAsync(default));
            _history.Trim(_worker.ShadowClaim);
            scene.Capture.Requests.Select(request => $"{step}: {request}").Should().BeEmpty("nobody else writes here");

            (await _history.RestoreAsync(null)).Should().BeGreaterThanOrEqualTo(_acknowledged, "acknowledged is restorable");
            checkedMoments += await SampleAsync(random, start) ? 1 : 0;
            most = Math.Max(most, scene.Replica.StoredBytes);
        }

        _failing = 0;
        (await PassAsync() || await PassAsync()).Should().BeTrue();
        (await _history.RestoreAsync(null)).Should().Be(_history.RowsAt(_history.Now));
        scene.ShouldRestore();
        checkedMoments.Should().BeGreaterThan(days * 20, "a simulation in which nothing can be checked shows nothing");
        generations.Should().BeGreaterThan(2);

        // A day is a few kilobytes; the month would be many times that.
        most.Should().BeLessThan(1_500_000);
        _history.Snapshots().Min(snapshot => snapshot.CreatedAt).Should().BeAfter(_history.Now.AddDays(-5));
    }

    public void Dispose() => _history.Dispose();

    private async Task<bool> PassAsync()
    {
        var scene = _history.Scene;
        try
        {
            if (!await scene.PumpAsync(_worker.RunOnceAsync(default)))
            {
                return false;
            }
        }
        catch (ReplicaException)
        {
            return false;
        }

        (_acknowledged, _acknowledgedAt, _acknowledgedCommitAt) = (_history.RowsAt(_history.Now), _history.Now, _history.LastCommitAt);
        if (_losingSince is { } since)
        {
            // What was captured in between never got here but as a part of the snapshot.
            _lost.Add((since, _history.Now));
            _losingSince = null;
        }

        return true;
    }

    private async Task<bool> SampleAsync(Random random, DateTimeOffset start)
    {
        var from = _history.Now - Retention > start ? _history.Now - Retention : start;
        var moment = from.AddSeconds(random.Next((int)(_history.Now - from).TotalSeconds + 1));
        if (moment > _acknowledgedAt || moment >= _losingSince || _lost.Exists(lost => moment >= lost.From && moment <= lost.To))
        {
            return false;
        }

        (await _history.RestoreAsync(moment)).Should().Be(_history.RowsAt(moment), $"that is what it held at {moment:O}");
        return true;
    }
}
