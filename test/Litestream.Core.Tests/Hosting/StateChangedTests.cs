using System.Collections.Concurrent;
using System.Globalization;
using Litestream.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Hosting;

public sealed class StateChangedTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly FakeLogger _logger = new();
    private readonly StateChanges _changes;

    public StateChangedTests() => _changes = new StateChanges(_logger);

    public void Dispose()
    {
    }

    [Fact]
    public async Task Tells_in_order_and_one_at_a_time()
    {
        var told = new ConcurrentQueue<string?>();
        var (inside, most) = (0, 0);
        var done = new TaskCompletionSource();
        _changes.Changed += (_, change) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            told.Enqueue(change.LastError);
            Interlocked.Decrement(ref inside);
            if (told.Count == 100)
            {
                done.SetResult();
            }
        };

        for (var i = 0; i < 100; i++)
        {
            _changes.Raise(Change(i));
        }

        await done.Task.WaitAsync(Patience);
        told.Should().Equal(Enumerable.Range(0, 100).Select(i => i.ToString(CultureInfo.InvariantCulture)));
        most.Should().Be(1);
    }

    [Fact]
    public async Task A_handler_that_throws_hurts_neither_the_others_nor_the_next_call()
    {
        var told = new ConcurrentQueue<string?>();
        var done = new TaskCompletionSource();
        _changes.Changed += (_, _) => throw new InvalidOperationException("The application's own.");
        _changes.Changed += (_, change) =>
        {
            told.Enqueue(change.LastError);
            if (told.Count == 2)
            {
                done.SetResult();
            }
        };

        _changes.Raise(Change(1));
        _changes.Raise(Change(2));

        await done.Task.WaitAsync(Patience);
        told.Should().Equal("1", "2");
        _logger.Collector.GetSnapshot().Should().HaveCount(2).And.OnlyContain(record => record.Id.Name == "StateHandlerFailed");
    }

    [Fact]
    public async Task A_logger_that_throws_as_well_does_not_end_the_process()
    {
        var changes = new StateChanges(new ThrowingLogger());
        var told = new TaskCompletionSource<string?>();
        changes.Changed += (_, _) => throw new InvalidOperationException("The application's own.");
        changes.Changed += (_, change) =>
        {
            if (change.LastError == "2")
            {
                told.SetResult(change.LastError);
            }
        };

        changes.Raise(Change(1));
        changes.Raise(Change(2));

        (await told.Task.WaitAsync(Patience)).Should().Be("2");
    }

    [Fact]
    public async Task A_handler_that_hangs_holds_up_nobody_and_loses_the_oldest()
    {
        using var gate = new ManualResetEventSlim();
        var told = new ConcurrentQueue<string?>();
        var last = new TaskCompletionSource();
        _changes.Changed += (_, change) =>
        {
            gate.Wait(Patience);
            told.Enqueue(change.LastError);
            if (change.LastError == "999")
            {
                last.SetResult();
            }
        };

        for (var i = 0; i < 1000; i++)
        {
            _changes.Raise(Change(i));
        }

        gate.Set();
        await last.Task.WaitAsync(Patience);
        told.Should().HaveCountLessThan(300);
        _logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Name == "StateChangesLost");
    }

    [Fact]
    public async Task An_application_hears_of_the_databases_and_of_the_replicas_states()
    {
        using var folder = new TempDirectory();
        var stores = new BlockingStores();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder.Path });
        builder.Services.AddSingleton<IReplicaClientFactory>(stores);
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "slow://replica");
            options.ReleaseOnStop = true;
        });
        using var host = builder.Build();
        using var app = new AppDatabase(folder);
        app.Execute("CREATE TABLE t(a)");
        var litestream = host.Services.GetRequiredService<ILitestream>();
        var told = new ConcurrentQueue<(string? Replica, ReplicationState Before, ReplicationState Now)>();
        litestream.StateChanged += (sender, change) =>
        {
            sender.Should().BeSameAs(litestream);
            change.DatabaseName.Should().Be("app");
            told.Enqueue((change.ReplicaName, change.PreviousState, change.State));
        };

        await host.StartAsync();
        await litestream.SyncAsync().WaitAsync(Patience);
        stores.Fail(new ReplicaException("The store says no."));
        app.Insert(1);
        await litestream.Invoking(l => l.SyncAsync().WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>();
        stores.Release();
        await litestream.SyncAsync().WaitAsync(Patience);
        await host.StopAsync();

        using var timeout = new CancellationTokenSource(Patience);
        while (!told.Contains((null, ReplicationState.Replicating, ReplicationState.Stopped)))
        {
            await Task.Delay(5, timeout.Token);
        }

        told.Where(change => change.Replica is null).Select(change => change.Now)
            .Should().Equal(ReplicationState.Replicating, ReplicationState.Stopped);
        told.Where(change => change.Replica == "slow").Select(change => change.Now)
            .Should().Equal(ReplicationState.Replicating, ReplicationState.Faulted, ReplicationState.Replicating, ReplicationState.Stopped);
    }

    private static ReplicationStateChangedEventArgs Change(int number) => new()
    {
        DatabaseName = "app",
        PreviousState = ReplicationState.Replicating,
        State = ReplicationState.Retrying,
        LastError = number.ToString(CultureInfo.InvariantCulture),
        ChangedAt = default,
    };
}
