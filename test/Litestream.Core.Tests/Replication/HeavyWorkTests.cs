using Litestream.Testing;

namespace Litestream.Replication;

public sealed class HeavyWorkTests : IAsyncDisposable
{
    private const long Large = HeavyWork.LargeBytes;

    private readonly HeavyWork _heavy = new();
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;

    public HeavyWorkTests() => _app = new ReplicatedApp(_directory) { Heavy = _heavy };

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task One_large_database_waits_for_another_and_a_small_one_for_neither()
    {
        using var first = await _heavy.TakeAsync(Large, CancellationToken.None);

        var second = _heavy.TakeAsync(Large, CancellationToken.None);
        using var small = await _heavy.TakeAsync(Large - 1, CancellationToken.None);

        second.IsCompleted.Should().BeFalse();
        first!.Dispose();
        first.Dispose();
        using var turn = await second;
        _heavy.TakeAsync(Large, CancellationToken.None).IsCompleted.Should().BeFalse("a turn is given back once");
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_leaves_the_turn_to_the_next()
    {
        var first = await _heavy.TakeAsync(0, CancellationToken.None);
        using var source = new CancellationTokenSource();
        var second = _heavy.TakeAsync(0, source.Token);
        var third = _heavy.TakeAsync(0, CancellationToken.None);

        await source.CancelAsync();
        await second.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        first!.Dispose();

        (await third)!.Dispose();
        _heavy.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task A_snapshot_is_taken_when_it_is_its_turn_and_commits_are_captured_meanwhile()
    {
        using var database = NewDatabase();
        var turn = await _heavy.TakeAsync(0, CancellationToken.None);
        await _app.StartAsync();
        await EventuallyAsync(() => _heavy.Waiting == 1);

        database.Insert(10, 100);
        var sync = _app.SyncAsync();
        await EventuallyAsync(() => !_app.Status.Position.IsEmpty);

        sync.IsCompleted.Should().BeFalse();
        _app.Status.Replicas[0].Position.IsEmpty.Should().BeTrue();
        turn!.Dispose();
        await sync;
        _app.Status.Replicas[0].Position.Covers(_app.Status.Position).Should().BeTrue();
    }

    [Fact]
    public async Task One_verification_waits_for_that_of_another_database()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(10, 100);
        await _app.SyncAsync();
        var turn = await _heavy.TakeForVerificationAsync(CancellationToken.None);

        var verification = _app.Engine.VerifyAsync(null, CancellationToken.None);
        await EventuallyAsync(() => _heavy.Waiting == 1);

        verification.IsCompleted.Should().BeFalse();
        turn!.Dispose();
        (await verification).Succeeded.Should().BeTrue();
    }

    [Fact]
    public async Task An_engine_that_waits_for_its_turn_stops()
    {
        using var database = NewDatabase();
        using var turn = await _heavy.TakeAsync(0, CancellationToken.None);
        await _app.StartAsync();
        await EventuallyAsync(() => _heavy.Waiting == 1);
        using var budget = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));

        await _app.Engine.StopAsync(letGo: true, budget.Token);

        _heavy.Waiting.Should().Be(0);
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            await poll.WaitForNextTickAsync(timeout.Token);
        }
    }

    private AppDatabase NewDatabase()
    {
        var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE IF NOT EXISTS t(x)");
        return database;
    }
}
