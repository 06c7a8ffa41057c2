using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

/// <summary>Databases that are removed while the host lives, over fake engines.</summary>
public sealed class RemoveDatabaseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task Is_synced_taken_out_and_let_go_of()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Journal.Clear();

        await litestream.RemoveDatabaseAsync("a");

        _application.Journal.Should().Equal("sync a", "let go a", "dispose a");
        litestream.Databases.Select(database => database.Name).Should().Equal("b");
        litestream.FindDatabase(_application.Folder.File("a.db")).Should().BeNull();
        host.Services.Invoking(s => s.GetRequiredKeyedService<ILitestreamDatabase>("a")).Should().Throw<KeyNotFoundException>();
        _application.Stores.Clients[0].Disposals.Should().Be(1);
        _application.Stores.Clients[1].Disposals.Should().Be(0);
        _application.Logged("DatabaseRemoved").Should().ContainSingle().Which.Message.Should().Contain("Database a ");
    }

    [Fact]
    public async Task Its_name_and_places_are_free_afterwards()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;

        await litestream.RemoveDatabaseAsync("a");
        await litestream.AddDatabaseAsync("a", Options("a"));
        await litestream.RemoveDatabaseAsync("a");
        await litestream.AddDatabaseAsync("renamed", Options("a"));

        litestream.Databases.Select(database => database.Name).Should().Equal("b", "renamed");
    }

    [Theory]
    [InlineData("c")]
    [InlineData("A")]
    public async Task One_that_is_not_there_is_an_error_that_lists_those_that_are(string name)
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;

        await litestream.Invoking(l => l.RemoveDatabaseAsync(name)).Should().ThrowAsync<KeyNotFoundException>().WithMessage("*a, b*");
    }

    [Fact]
    public async Task A_last_sync_that_fails_leaves_it_as_it_was()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var before = litestream.Databases;
        _application.Engines["a"].OnSync = _ => Task.FromException<ReplicationPosition>(new ReplicaException("Replica 'mem' is down.", isTransient: true));

        var refused = await litestream.Invoking(l => l.RemoveDatabaseAsync("a")).Should().ThrowAsync<ReplicaException>();

        refused.Which.Message.Should().ContainAll("'a' was not removed", "Replica 'mem' is down.", "evenIfUnreplicated");
        refused.Which.IsTransient.Should().BeTrue();
        litestream.Databases.Should().BeSameAs(before);
        _application.Journal.Should().NotContain("let go a");
    }

    [Fact]
    public async Task A_last_sync_that_takes_too_long_leaves_it_as_it_was()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Engines["a"].OnSync = async token =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return default;
        };

        var removing = litestream.RemoveDatabaseAsync("a");
        await _application.Time.RunUntilAsync(() => removing.IsCompleted);

        await removing.Invoking(task => task).Should().ThrowAsync<ReplicaException>().WithMessage("*00:00:20*ShutdownSyncTimeout*");
        litestream.Databases.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_database_that_cannot_be_read_stays()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Engines["a"].OnSync = _ => Task.FromException<ReplicationPosition>(new LitestreamException("disk I/O error"));

        var refused = await litestream.Invoking(l => l.RemoveDatabaseAsync("a")).Should().ThrowAsync<LitestreamException>();

        refused.Which.Should().NotBeOfType<ReplicaException>();
        litestream.Databases.Should().HaveCount(2);
    }

    [Fact]
    public async Task With_evenIfUnreplicated_it_goes_whatever_comes_of_the_last_sync()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var generation = new string('0', 16);
        var engine = _application.Engines["a"];
        engine.OnSync = _ => Task.FromException<ReplicationPosition>(new ReplicaException("down"));
        engine.Status = engine.Status with
        {
            Position = new(generation, 1, 4152),
            Replicas = [new() { Name = "mem", State = ReplicationState.Retrying, Position = new(generation, 1, 32), LastError = "no route" }],
        };

        await litestream.RemoveDatabaseAsync("a", evenIfUnreplicated: true, CancellationToken.None);

        litestream.Databases.Should().HaveCount(1);
        _application.Journal.Should().ContainInOrder("sync a", "let go a", "dispose a");
        _application.Logged("NotReplicatedAtStop").Should().ContainSingle().Which.Message.Should().Contain("no route");
    }

    [Theory]
    [InlineData(ReplicationState.WaitingForOtherProcess, 4152, true)]
    [InlineData(ReplicationState.WaitingForDatabase, 32, true)]
    [InlineData(ReplicationState.WaitingForDatabase, 4152, false)]
    [InlineData(ReplicationState.Faulted, 32, false)]
    public async Task Without_a_last_sync_it_goes_only_if_there_is_nothing_to_lose(ReplicationState state, long captured, bool goes)
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var generation = new string('0', 16);
        var engine = _application.Engines["a"];
        engine.OnSync = _ => Task.FromException<ReplicationPosition>(new LitestreamException("There is no file.", innerException: null, isTransient: true));
        engine.Status = engine.Status with
        {
            State = state,
            Position = new(generation, 1, captured),
            Replicas = [new() { Name = "mem", State = ReplicationState.Replicating, Position = new(generation, 1, 32) }],
        };

        var removing = litestream.RemoveDatabaseAsync("a");

        if (goes)
        {
            await removing;
        }
        else
        {
            await removing.Invoking(task => task).Should().ThrowAsync<LitestreamException>();
        }

        litestream.Databases.Should().HaveCount(goes ? 1 : 2);
    }

    [Fact]
    public async Task Before_anything_was_begun_there_is_nothing_to_sync()
    {
        using var host = _application.Build();
        var litestream = host.Services.GetRequiredService<ILitestream>();

        await litestream.RemoveDatabaseAsync("a");
        await host.StartAsync();

        _application.Journal.Should().Equal("dispose a", "restore b", "open b", "start b");
    }

    [Fact]
    public async Task Before_the_host_has_started_it_is_synced_too()
    {
        using var host = _application.Build();
        await host.RestoreLitestreamAsync();

        await host.Services.GetRequiredService<ILitestream>().RemoveDatabaseAsync("a");

        _application.Journal.Should().ContainInOrder("open a", "sync a", "let go a", "dispose a");
    }

    [Fact]
    public async Task A_call_that_is_cancelled_in_the_last_sync_leaves_it_as_it_was()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = HangTheSyncOf("a");
        using var impatience = new CancellationTokenSource();

        var removing = litestream.RemoveDatabaseAsync("a", impatience.Token);
        await begun.WaitAsync(Patience);
        await impatience.CancelAsync();

        await removing.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        litestream.Databases.Should().HaveCount(2);
        _application.Engines["a"].OnSync = _ => Task.FromResult(default(ReplicationPosition));
        await litestream.RemoveDatabaseAsync("a").WaitAsync(Patience);
    }

    [Fact]
    public async Task What_is_being_let_go_of_goes_although_nobody_waits_and_its_name_is_taken_until_then()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = new TaskCompletionSource();
        var going = new TaskCompletionSource();
        _application.Engines["a"].OnStop = _ =>
        {
            begun.SetResult();
            return going.Task;
        };
        using var impatience = new CancellationTokenSource();

        var removing = litestream.RemoveDatabaseAsync("a", impatience.Token);
        await begun.Task.WaitAsync(Patience);
        await impatience.CancelAsync();
        await removing.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        litestream.Databases.Should().HaveCount(1);
        var adding = litestream.AddDatabaseAsync("a", Options("a"));
        var second = litestream.RemoveDatabaseAsync("a");
        await litestream.Invoking(l => l.AddDatabaseAsync("other", Options("a"))).Should().ThrowAsync<Exception>();
        adding.IsCompleted.Should().BeFalse();
        going.SetResult();

        await adding.WaitAsync(Patience);
        await second.WaitAsync(Patience);
        _application.Journal.Where(entry => entry.EndsWith(" a", StringComparison.Ordinal)).Skip(3)
            .Should().Equal("sync a", "let go a", "dispose a", "restore a", "open a", "start a", "sync a", "let go a", "dispose a");
    }

    [Fact]
    public async Task Of_two_calls_the_second_waits_and_finds_it_gone()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var going = new TaskCompletionSource<ReplicationPosition>();
        _application.Engines["a"].OnSync = _ => going.Task;

        var first = litestream.RemoveDatabaseAsync("a");
        var second = litestream.RemoveDatabaseAsync("a");
        going.SetResult(default);

        await first.WaitAsync(Patience);
        await second.Invoking(task => task.WaitAsync(Patience)).Should().ThrowAsync<KeyNotFoundException>();
        _application.Journal.Count(entry => entry == "let go a").Should().Be(1);
    }

    [Fact]
    public async Task A_removal_during_an_addition_waits_for_it()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var going = new TaskCompletionSource<bool>();
        var begun = new TaskCompletionSource();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ =>
        {
            begun.TrySetResult();
            return going.Task;
        };
        var adding = litestream.AddDatabaseAsync("tenant", Options("tenant"));
        await begun.Task.WaitAsync(Patience);

        var removing = litestream.RemoveDatabaseAsync("tenant");
        removing.IsCompleted.Should().BeFalse();
        going.SetResult(false);
        await adding.WaitAsync(Patience);
        await removing.WaitAsync(Patience);

        litestream.Databases.Should().HaveCount(2);
        _application.Journal.Should().ContainInOrder("start tenant", "sync tenant", "let go tenant", "dispose tenant");
    }

    [Fact]
    public async Task The_hosts_stop_takes_over_the_last_sync()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = HangTheSyncOf("a");
        var removing = litestream.RemoveDatabaseAsync("a");
        await begun.WaitAsync(Patience);

        await host.StopAsync().WaitAsync(Patience);

        await removing.Invoking(task => task).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'a' was not removed*stops with its host*");
        _application.Journal.Should().Contain("stop a").And.NotContain("let go a");
    }

    [Fact]
    public async Task The_hosts_stop_waits_for_what_is_being_let_go_of()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = new TaskCompletionSource();
        var going = new TaskCompletionSource();
        _application.Engines["a"].OnStop = _ =>
        {
            begun.SetResult();
            return going.Task;
        };
        var removing = litestream.RemoveDatabaseAsync("a");
        await begun.Task.WaitAsync(Patience);

        var stop = host.StopAsync();
        await Task.Yield();
        stop.IsCompleted.Should().BeFalse();
        going.SetResult();
        await Task.WhenAll(stop, removing).WaitAsync(Patience);

        _application.Journal.Should().ContainInOrder("let go a", "dispose a", "stop b").And.NotContain("stop a");
    }

    [Fact]
    public async Task A_client_that_does_not_come_back_keeps_no_host_from_stopping()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = new TaskCompletionSource();
        var hanging = new TaskCompletionSource();
        _application.Engines["a"].OnStop = _ =>
        {
            begun.SetResult();
            return hanging.Task;
        };
        var removing = litestream.RemoveDatabaseAsync("a");
        await begun.Task.WaitAsync(Patience);

        var stop = host.StopAsync();
        await _application.Time.RunUntilAsync(() => stop.IsCompleted);
        await stop;

        _application.Journal.Should().Contain("stop b");
        removing.IsCompleted.Should().BeFalse();
        hanging.SetResult();
        await removing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_failure_to_let_go_is_logged_and_the_name_is_free()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Engines["a"].OnStop = _ => Task.FromException(new IOException("disk"));
        _application.Engines["a"].OnDispose = () => ValueTask.FromException(new IOException("disk again"));

        await litestream.RemoveDatabaseAsync("a");
        await litestream.AddDatabaseAsync("a", Options("a"));

        _application.Logged("StopFailed").Should().HaveCount(2);
        litestream.Databases.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_sync_of_all_does_not_fail_for_one_that_was_removed_meanwhile()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var syncing = new TaskCompletionSource<ReplicationPosition>();
        _application.Engines["a"].OnSync = _ => syncing.Task;
        var all = litestream.SyncAsync();
        _application.Engines["a"].OnSync = _ => Task.FromResult(default(ReplicationPosition));

        await litestream.RemoveDatabaseAsync("a");
        syncing.SetException(new InvalidOperationException("The replication of 'a' is not running."));

        await all.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_configuration_that_changes_later_does_not_concern_it()
    {
        var configuration = OptionsSetup.Configuration(
            ("Litestream:Databases:a:Path", "a.db"), ("Litestream:Databases:a:Replicas:mem:Url", "mem://store/a"),
            ("Litestream:Databases:b:Path", "b.db"), ("Litestream:Databases:b:Replicas:mem:Url", "mem://store/b"));
        _application.Builder.Services.AddLitestream(configuration.GetSection("Litestream"));
        using var host = _application.Builder.Build();
        await host.StartAsync();
        var litestream = host.Services.GetRequiredService<ILitestream>();
        await litestream.RemoveDatabaseAsync("a");
        await litestream.AddDatabaseAsync("a", Options("a"));

        configuration["Litestream:Databases:a:Replicas:mem:SyncInterval"] = "7s";
        configuration["Litestream:Databases:b:Replicas:mem:SyncInterval"] = "7s";
        configuration.Reload();

        _application.Journal.Where(entry => entry.StartsWith("apply", StringComparison.Ordinal)).Should().Equal("apply b");
        _application.Logged("OptionNeedsRestart").Should().BeEmpty();
        _application.Logged("OptionChanged").Should().ContainSingle();
    }

    private Task HangTheSyncOf(string name)
    {
        var begun = new TaskCompletionSource();
        _application.Engines[name].OnSync = async token =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, token);
            return default;
        };
        return begun.Task;
    }

    private async Task<(IHost Host, ILitestream Litestream)> StartAsync()
    {
        var host = _application.Build();
        await host.StartAsync();
        return (host, host.Services.GetRequiredService<ILitestream>());
    }

    private static DatabaseOptions Options(string name)
    {
        var options = new DatabaseOptions { Path = $"{name}.db" };
        options.Replicas.Add("mem", new ReplicaOptions { Url = $"mem://store/{name}" });
        return options;
    }
}
