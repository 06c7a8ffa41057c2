using Litestream.Testing;
using Litestream.Testing.Faults;

namespace Litestream.Hosting;

/// <summary>Two replicas, of which one hangs or fails: who waits for which.</summary>
public sealed class ReplicationReachTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;
    private readonly FaultyReplicaClient _second;
    private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AppDatabase _database;

    public ReplicationReachTests()
    {
        _app = new ReplicatedApp(_directory);
        _second = new FaultyReplicaClient(new FileReplicaClient(_directory.File("second")));
        _app.Others.Add(("second", _second));
        _database = new AppDatabase(_directory);
        _database.Execute("CREATE TABLE t(x)");
    }

    public async ValueTask DisposeAsync()
    {
        _hanging.TrySetResult();
        await _app.DisposeAsync();
        _database.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Any_and_the_other_one_do_not_wait_for_a_replica_that_hangs()
    {
        _second.Before = _ => _hanging.Task;
        await _app.StartAsync();
        _database.Insert(5);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        var any = await _app.Engine.WaitForAnyReplicaAsync(timeout.Token);
        var first = await _app.Engine.WaitForReplicaAsync("file", timeout.Token);

        first.Covers(any).Should().BeTrue();
        await _app.RestoreAsync(_directory.File("copy.db"), options => options.Position = any);
        (await SqliteShell.CountAsync(_directory.File("copy.db"), "t")).Should().Be(5);
        var all = _app.Engine.WaitForReplicationAsync(timeout.Token);
        var second = _app.Engine.WaitForReplicaAsync("second", timeout.Token);
        all.IsCompleted.Should().BeFalse();
        second.IsCompleted.Should().BeFalse();

        _hanging.SetResult();
        await all;
        (await second).Covers(any).Should().BeTrue();
    }

    [Fact]
    public async Task Any_leaves_out_a_replica_that_is_faulted_and_ends_only_when_all_are()
    {
        _second.Script = _ => new Fault(FaultKind.Deny);
        await _app.StartAsync();
        _database.Insert(5);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        (await _app.Engine.WaitForAnyReplicaAsync(timeout.Token)).IsEmpty.Should().BeFalse();

        await _app.Engine.Awaiting(engine => engine.WaitForReplicaAsync("second", timeout.Token)).Should().ThrowAsync<ReplicaException>().WithMessage("*second*");
        await _app.Engine.Awaiting(engine => engine.WaitForReplicationAsync(timeout.Token)).Should().ThrowAsync<ReplicaException>();
    }

    [Fact]
    public async Task Any_that_nobody_can_give_says_why_of_each()
    {
        _second.Script = _ => new Fault(FaultKind.Deny);
        await using var app = new ReplicatedApp(_directory, _ => _second);
        app.Others.Add(("second", _second));
        await app.StartAsync();
        _database.Insert(1);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));

        await app.Engine.Awaiting(engine => engine.WaitForAnyReplicaAsync(timeout.Token)).Should().ThrowAsync<ReplicaException>().WithMessage("*file*second*");
    }

    [Fact]
    public async Task Waiting_ends_with_its_token()
    {
        _second.Before = _ => _hanging.Task;
        await _app.StartAsync();
        _database.Insert(1);
        using var given = new CancellationTokenSource();
        var waiting = _app.Engine.WaitForReplicaAsync("second", given.Token);

        await given.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_replica_of_another_name_is_misuse()
    {
        await _app.StartAsync();

        await _app.Engine.Awaiting(engine => engine.WaitForReplicaAsync("nowhere", CancellationToken.None)).Should().ThrowAsync<ArgumentException>().WithMessage("*file, second*");
    }
}
