using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

public sealed class LifeCycleTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task Restores_before_the_application_starts_and_stops_after_it_has_stopped()
    {
        _application.Builder.Services.AddSingleton<IHostedService>(new JournalingService(_application.Journal));
        using var host = _application.Build();

        await host.StartAsync();
        await host.StopAsync();

        _application.Journal.Where(entry => !entry.EndsWith(" b", StringComparison.Ordinal)).Should().Equal(
            "restore a", "open a", "app starting", "start a", "app start", "app started",
            "app stopping", "app stop", "app stopped", "stop a");
    }

    [Fact]
    public async Task Comes_first_although_it_is_added_last()
    {
        _application.Builder.Services.AddHostedService(_ => new JournalingService(_application.Journal));
        using var host = _application.Build();

        await host.StartAsync();

        _application.Journal.Should().StartWith("restore a");
        _application.Journal.Should().EndWith("app started");
    }

    [Fact]
    public async Task Restores_every_database_before_it_opens_one()
    {
        using var host = _application.Build();

        await host.RestoreLitestreamAsync();

        _application.Journal.Take(2).Should().BeEquivalentTo("restore a", "restore b");
        _application.Journal.Skip(2).Should().Equal("open a", "open b");
    }

    [Fact]
    public async Task Restores_once_when_the_application_asks_before_the_host_does()
    {
        using var host = _application.Build();

        await host.RestoreLitestreamAsync();
        await host.RestoreLitestreamAsync();
        await host.Services.GetRequiredService<ILitestream>().RestoreMissingAsync();
        await host.StartAsync();

        _application.Journal.Should().HaveCount(6).And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Two_callers_at_once_share_one_restore()
    {
        var going = new TaskCompletionSource<bool>();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ => going.Task;
        using var host = _application.Build();

        var first = host.RestoreLitestreamAsync();
        var second = host.RestoreLitestreamAsync();
        second.IsCompleted.Should().BeFalse();
        going.SetResult(true);
        await Task.WhenAll(first, second).WaitAsync(Patience);

        _application.Journal.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task Says_what_was_restored()
    {
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ => Task.FromResult(engine.Name == "a");
        using var host = _application.Build();

        await host.RestoreLitestreamAsync();

        _application.Logged("DatabaseRestored").Should().ContainSingle().Which.Message.Should().Contain("Database a ");
    }

    [Fact]
    public async Task A_replica_that_cannot_be_read_stops_the_start()
    {
        _application.Builder.Services.AddSingleton<IHostedService>(new JournalingService(_application.Journal));
        FailToRestore("a", new ReplicaException("Replica 'mem' of database 'a' is down."));
        using var host = _application.Build();

        var start = () => host.StartAsync();

        await start.Should().ThrowAsync<ReplicaException>().WithMessage("*'mem' of database 'a'*");
        _application.Journal.Should().BeEquivalentTo("restore a", "restore b", "stop a", "stop b");
        _application.Logged("RestoreAtStartFailed").Should().ContainSingle().Which.Message.Should().Contain("does not start");
    }

    [Fact]
    public async Task Later_calls_return_the_failure_of_the_first()
    {
        FailToRestore("a", new ReplicaException("down"));
        using var host = _application.Build();

        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<ReplicaException>().WithMessage("down");
        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<ReplicaException>().WithMessage("down");
        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<ReplicaException>().WithMessage("down");

        _application.Journal.Count(entry => entry == "restore a").Should().Be(1);
    }

    [Fact]
    public async Task Failures_of_several_databases_are_one_exception_that_names_them_all()
    {
        FailToRestore("a", new ReplicaException("a is down."), ("b", new ReplicaCorruptedException("b is damaged.")));
        using var host = _application.Build();

        var failure = await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<ReplicaException>();

        failure.Which.Message.Should().ContainAll("a is down.", "b is damaged.");
        failure.Which.IsTransient.Should().BeFalse();
        failure.Which.InnerException.Should().BeOfType<AggregateException>().Which.InnerExceptions.Should().HaveCount(2);
    }

    [Fact]
    public async Task Missing_backups_of_several_databases_stay_missing_backups()
    {
        FailToRestore("a", new BackupNotFoundException("a has none."), ("b", new BackupNotFoundException("b has none.")));
        using var host = _application.Build();

        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<BackupNotFoundException>().WithMessage("*a has none.*b has none.*");
    }

    [Fact]
    public async Task A_restore_that_was_cancelled_is_done_at_the_next_call()
    {
        using var impatience = new CancellationTokenSource();
        var calls = 0;
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = async token =>
        {
            if (engine.Name == "a" && calls++ == 0)
            {
                await impatience.CancelAsync();
                token.ThrowIfCancellationRequested();
            }

            return true;
        };
        using var host = _application.Build();

        await host.Invoking(h => h.RestoreLitestreamAsync(impatience.Token)).Should().ThrowAsync<OperationCanceledException>();
        await host.RestoreLitestreamAsync();

        calls.Should().Be(2);
        _application.Journal.Should().Contain("open a").And.Contain("open b");
    }

    [Fact]
    public async Task What_was_opened_before_a_cancellation_is_not_opened_again()
    {
        using var impatience = new CancellationTokenSource();
        _application.Engines.OnCreate = engine => engine.OnOpen = async token =>
        {
            if (engine.Name == "b")
            {
                await impatience.CancelAsync();
                token.ThrowIfCancellationRequested();
            }
        };
        using var host = _application.Build();

        await host.Invoking(h => h.RestoreLitestreamAsync(impatience.Token)).Should().ThrowAsync<OperationCanceledException>();
        await host.RestoreLitestreamAsync();

        _application.Journal.Where(entry => entry.StartsWith("open", StringComparison.Ordinal)).Should().Equal("open a", "open b", "open b");
    }

    [Fact]
    public async Task A_failure_half_way_stops_what_was_begun()
    {
        _application.Engines.OnCreate = engine => engine.OnOpen = _ =>
            engine.Name == "b" ? Task.FromException(new InvalidOperationException("misuse")) : Task.CompletedTask;
        using var host = _application.Build(options => options.AddDatabase("c.db", "mem://store/c"));

        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("misuse");

        _application.Journal.Should().Contain(["stop a", "stop b", "stop c"]).And.NotContain("open c");
        _application.Journal.Should().NotContain(entry => entry.StartsWith("start", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_services_failure_at_start_leaves_nothing_running_once_the_host_is_disposed()
    {
        _application.Builder.Services.AddSingleton<IHostedService>(new JournalingService(_application.Journal, failsAt: "app start"));
        var host = _application.Build();

        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<InvalidOperationException>();
        host.Dispose();

        _application.Journal.Should().ContainInOrder("start a", "stop a", "dispose a");
        _application.Journal.Should().ContainInOrder("start b", "stop b", "dispose b");
    }

    [Fact]
    public async Task Options_that_are_wrong_stop_the_start_with_everything_that_is_wrong()
    {
        using var host = _application.Build(options => (options.Databases["a"].Path, options.Databases["b"].MonitorInterval) = ("", TimeSpan.Zero));

        var failure = await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<OptionsValidationException>();

        failure.Which.Failures.Should().HaveCount(2);
        _application.Engines.Engines.Should().BeEmpty();
    }

    [Fact]
    public async Task No_databases_are_a_warning()
    {
        _application.Builder.Services.AddLitestream();
        using var host = _application.Builder.Build();

        await host.StartAsync();
        await host.StopAsync();

        _application.Logged("NoDatabases").Should().ContainSingle();
    }

    [Fact]
    public async Task The_last_sync_has_the_configured_time()
    {
        var budgetEnded = false;
        _application.Engines.OnCreate = engine => engine.OnStop = async budget =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, budget);
            }
            catch (OperationCanceledException)
            {
                budgetEnded = true;
            }
        };
        using var host = _application.Build(options => options.ShutdownSyncTimeout = TimeSpan.FromSeconds(5));
        await host.StartAsync();

        var began = _application.Time.GetUtcNow();
        var stop = host.StopAsync();
        await _application.Time.StepAsync();
        await stop.WaitAsync(Patience);

        budgetEnded.Should().BeTrue();
        (_application.Time.GetUtcNow() - began).Should().Be(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task The_host_that_loses_its_patience_ends_the_last_sync()
    {
        _application.Engines.OnCreate = engine => engine.OnStop = budget => Task.Delay(Timeout.Infinite, budget).ContinueWith(_ => { }, TaskScheduler.Default);
        using var host = _application.Build();
        await host.StartAsync();
        var service = host.Services.GetRequiredService<IEnumerable<IHostedService>>().OfType<IHostedLifecycleService>().First();

        await service.StoppedAsync(new CancellationToken(canceled: true)).WaitAsync(Patience);

        _application.Journal.Should().Contain("stop a");
    }

    [Fact]
    public async Task All_databases_are_stopped_at_once()
    {
        var both = new TaskCompletionSource();
        var stopping = 0;
        _application.Engines.OnCreate = engine => engine.OnStop = _ =>
        {
            if (Interlocked.Increment(ref stopping) == 2)
            {
                both.SetResult();
            }

            return both.Task;
        };
        using var host = _application.Build();
        await host.StartAsync();

        await host.StopAsync().WaitAsync(Patience);

        stopping.Should().Be(2);
        _application.Logged("StopFailed").Should().BeEmpty();
    }

    [Fact]
    public async Task An_engine_that_does_not_stop_does_not_keep_the_application_from_it()
    {
        _application.Engines.OnCreate = engine => engine.OnStop = _ => engine.Name == "a" ? new TaskCompletionSource().Task : Task.CompletedTask;
        using var host = _application.Build(options => options.ShutdownSyncTimeout = TimeSpan.FromSeconds(5));
        await host.StartAsync();

        var stop = host.StopAsync();
        await _application.Time.RunUntilAsync(() => stop.IsCompleted);
        await stop;

        _application.Logged("StopFailed").Should().ContainSingle().Which.Message.Should().Contain("database a ");
    }

    [Fact]
    public async Task A_failure_to_stop_one_database_does_not_keep_the_others()
    {
        _application.Engines.OnCreate = engine => engine.OnStop = _ =>
            engine.Name == "a" ? Task.FromException(new IOException("disk")) : Task.CompletedTask;
        using var host = _application.Build();
        await host.StartAsync();

        await host.StopAsync();

        _application.Journal.Should().Contain("stop b");
        _application.Logged("StopFailed").Should().ContainSingle().Which.Exception.Should().BeOfType<IOException>();
    }

    [Fact]
    public async Task Says_at_stop_what_is_not_replicated()
    {
        var generation = new string('0', 16);
        _application.Engines.OnCreate = engine => engine.Status = engine.Status with
        {
            Position = new(generation, 1, 4152),
            Replicas =
            [
                new() { Name = "done", State = ReplicationState.Replicating, Position = new(generation, 1, 4152) },
                new()
                {
                    Name = "late", State = ReplicationState.Retrying, Position = engine.Name == "a" ? new(generation, 1, 32) : new(generation, 2, 0),
                    LastError = "no route",
                },
            ],
        };
        using var host = _application.Build();
        await host.StartAsync();

        await host.StopAsync();

        _application.Logged("NotReplicatedAtStop").Should().ContainSingle().Which.Message.Should()
            .ContainAll("database a ", "replica late ", $"{generation}/00000001:00000020", $"{generation}/00000001:00001038", "no route");
        _application.Logged("DatabaseStopped").Should().ContainSingle().Which.Message.Should().Contain("database b ");
    }

    [Theory]
    [InlineData(ReplicationState.Faulted)]
    [InlineData(ReplicationState.Retrying)]
    public async Task A_database_that_cannot_be_read_is_not_said_to_be_replicated(ReplicationState state)
    {
        var position = new ReplicationPosition(new string('0', 16), 1, 4152);
        _application.Engines.OnCreate = engine =>
        {
            engine.Status = engine.Status with
            {
                State = state,
                Position = position,
                LastError = "disk I/O error",
                Replicas = [new() { Name = "done", State = ReplicationState.Replicating, Position = position }],
            };
            engine.OnStop = _ =>
            {
                // Engine a fails to the last, b recovers with its last sync.
                var recovered = engine.Name == "b" ? DateTimeOffset.UnixEpoch : (DateTimeOffset?)null;
                engine.Status = engine.Status with { State = ReplicationState.Stopped, LastError = null, LastSyncedAt = recovered };
                return Task.CompletedTask;
            };
        };
        using var host = _application.Build();
        await host.StartAsync();

        await host.StopAsync();

        _application.Logged("NotReadableAtStop").Should().ContainSingle().Which.Message.Should().ContainAll("database a ", "disk I/O error");
        _application.Logged("DatabaseStopped").Should().ContainSingle().Which.Message.Should().Contain("database b ");
    }

    [Fact]
    public async Task A_database_of_which_nothing_was_captured_is_not_said_to_be_replicated()
    {
        using var host = _application.Build();
        await host.StartAsync();

        await host.StopAsync();

        _application.Logged("StoppedWithoutCapture").Should().HaveCount(2);
        _application.Logged("DatabaseStopped").Should().BeEmpty();
    }

    [Fact]
    public async Task Is_disposed_once_however_often_it_is_asked()
    {
        var host = _application.Build();
        await host.StartAsync();
        var litestream = host.Services.GetRequiredService<LitestreamHost>();
        await host.StopAsync();

        await litestream.DisposeAsync();
        await litestream.DisposeAsync();
        litestream.Dispose();
        host.Dispose();

        _application.Journal.Count(entry => entry == "stop a").Should().Be(1);
        _application.Journal.Count(entry => entry == "dispose a").Should().Be(1);
        _application.Stores.Clients.Should().HaveCount(2).And.OnlyContain(client => client.Disposals == 1);
    }

    [Fact]
    public async Task A_failure_to_dispose_one_database_does_not_keep_the_others()
    {
        _application.Engines.OnCreate = engine => engine.OnDispose = () =>
            engine.Name == "a" ? ValueTask.FromException(new IOException("disk")) : ValueTask.CompletedTask;
        var host = _application.Build();
        await host.StartAsync();

        host.Dispose();

        _application.Journal.Should().Contain("dispose b");
    }

    [Fact]
    public async Task A_host_that_is_disposed_while_it_restores_ends_the_restore()
    {
        var begun = new TaskCompletionSource();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = async token =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return true;
        };
        var host = _application.Build();
        var restore = host.RestoreLitestreamAsync();
        await begun.Task.WaitAsync(Patience);

        await host.Services.GetRequiredService<LitestreamHost>().DisposeAsync().AsTask().WaitAsync(Patience);

        await restore.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<ObjectDisposedException>();
        host.Dispose();
    }

    [Fact]
    public async Task A_host_that_was_only_restored_is_closed_without_a_sync()
    {
        var budgetWasOver = false;
        _application.Engines.OnCreate = engine => engine.OnStop = budget =>
        {
            budgetWasOver = budget.IsCancellationRequested;
            return Task.CompletedTask;
        };
        var host = _application.Build();
        await host.RestoreLitestreamAsync();

        host.Dispose();

        budgetWasOver.Should().BeTrue();
        _application.Journal.Should().ContainInOrder("stop a", "dispose a");
    }

    [Fact]
    public void A_host_that_never_started_disposes_without_a_trace()
    {
        _application.Build().Dispose();

        _application.Journal.Should().BeEmpty();
    }

    [Fact]
    public async Task A_host_that_was_stopped_cannot_be_started_again()
    {
        using var host = _application.Build();
        await host.StartAsync();
        await host.StopAsync();
        var service = host.Services.GetServices<IHostedService>().First();

        await service.Invoking(s => s.StartAsync(default)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*stopped*");
    }

    private void FailToRestore(string name, Exception failure, params (string Name, Exception Failure)[] others) =>
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ =>
            others.Append((Name: name, Failure: failure)).FirstOrDefault(each => each.Name == engine.Name).Failure is { } e
                ? Task.FromException<bool>(e)
                : Task.FromResult(false);
}
