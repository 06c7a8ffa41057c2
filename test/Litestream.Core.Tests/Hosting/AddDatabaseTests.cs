using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Databases that are added while the host lives, over fake engines: what is done, in which order, and what if it fails.</summary>
public sealed class AddDatabaseTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task Is_restored_opened_and_started_before_it_is_there()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Journal.Clear();

        var added = await litestream.AddDatabaseAsync("tenant", Options("tenant"));

        _application.Journal.Should().Equal("restore tenant", "open tenant", "start tenant");
        litestream.Databases.Select(database => database.Name).Should().Equal("a", "b", "tenant");
        litestream.GetDatabase("tenant").Should().BeSameAs(added);
        host.Services.GetRequiredKeyedService<ILitestreamDatabase>("tenant").Should().BeSameAs(added);
        litestream.FindDatabase(_application.Folder.File("tenant.db")).Should().BeSameAs(added);
        _application.Logged("DatabaseStarted").Should().Contain(record => record.Message.Contains("tenant.db", StringComparison.Ordinal));
    }

    [SymbolicLinkFact]
    public async Task Is_found_by_its_file_through_a_symbolic_link()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        Directory.CreateDirectory(_application.Folder.File("real"));
        Directory.CreateSymbolicLink(_application.Folder.File("link"), _application.Folder.File("real"));

        var added = await litestream.AddDatabaseAsync("tenant", Options("tenant", path: "link/tenant.db"));

        litestream.FindDatabase(_application.Folder.File("real/tenant.db")).Should().BeSameAs(added);
        litestream.FindDatabase(_application.Folder.File("link/tenant.db")).Should().BeSameAs(added);
        litestream.FindDatabase(_application.Folder.File("other.db")).Should().BeNull();
    }

    [Fact]
    public async Task A_list_that_was_asked_for_does_not_change()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var before = litestream.Databases;
        litestream.Databases.Should().BeSameAs(before);

        await litestream.AddDatabaseAsync("tenant", Options("tenant"));

        before.Should().HaveCount(2);
        litestream.Databases.Should().HaveCount(3);
    }

    [Fact]
    public async Task What_the_caller_changes_in_the_options_later_has_no_effect()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var options = Options("tenant");

        await litestream.AddDatabaseAsync("tenant", options);
        options.Path = "elsewhere.db";
        options.Replicas["mem"].SyncInterval = TimeSpan.FromDays(1);
        options.Replicas.Clear();

        var definition = _application.Engines["tenant"].Definition;
        definition.Options.Path.Should().Be("tenant.db");
        definition.Options.Replicas["mem"].SyncInterval.Should().Be(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Before_the_host_starts_it_is_held_and_its_loops_start_with_the_others()
    {
        using var host = _application.Build();
        var litestream = host.Services.GetRequiredService<ILitestream>();

        await litestream.AddDatabaseAsync("tenant", Options("tenant"));

        _application.Journal.Should().Equal("restore tenant", "open tenant");
        await host.StartAsync();
        _application.Journal.Count(entry => entry == "open tenant").Should().Be(1);
        _application.Journal.Should().ContainInOrder("open a", "start a", "start b", "start tenant");
    }

    [Fact]
    public async Task Between_the_restore_and_the_start_it_is_held_and_its_loops_start_with_the_others()
    {
        using var host = _application.Build();
        await host.RestoreLitestreamAsync();

        await host.Services.GetRequiredService<ILitestream>().AddDatabaseAsync("tenant", Options("tenant"));
        await host.StartAsync();

        _application.Journal.Should().ContainInOrder("open tenant", "start a", "start b", "start tenant");
    }

    [Fact]
    public async Task Stops_with_the_host_as_the_others_do()
    {
        var (host, litestream) = await StartAsync();
        await litestream.AddDatabaseAsync("tenant", Options("tenant"));

        await host.StopAsync();
        host.Dispose();

        _application.Journal.Should().ContainInOrder("stop tenant", "dispose tenant").And.NotContain("let go tenant");
    }

    [Theory]
    [InlineData("a", "*'a' is there already; remove it first*")]
    [InlineData("A", "*'A' was not added*'a'*in case only*")]
    public async Task A_name_that_is_taken_is_refused(string name, string message)
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;

        await litestream.Invoking(l => l.AddDatabaseAsync(name, Options("new"))).Should().ThrowAsync<InvalidOperationException>().WithMessage(message);

        litestream.Databases.Should().HaveCount(2);
    }

    [Fact]
    public async Task Options_that_are_wrong_are_refused_with_everything_that_is_wrong()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var options = new DatabaseOptions { Path = "Data Source=x.db", MonitorInterval = TimeSpan.Zero };
        options.Replicas.Add("far", new ReplicaOptions { Url = "nowhere://x" });

        var refused = await litestream.Invoking(l => l.AddDatabaseAsync("tenant", options)).Should().ThrowAsync<OptionsValidationException>();

        refused.Which.Failures.Should().HaveCount(3).And.OnlyContain(failure => failure.StartsWith("Litestream:Databases:tenant:", StringComparison.Ordinal));
        litestream.Databases.Should().HaveCount(2);
        _application.Engines.Engines.Should().HaveCount(2);
    }

    [Theory]
    [InlineData("a.db", null, "mem://store/new", "*Path: is the same file as Litestream:Databases:a:Path*")]
    [InlineData("new.db", ".a.db-litestream-net", "mem://store/new", "*MetaPath: is, or lies in, the same folder as the one of Litestream:Databases:a*")]
    [InlineData("new.db", null, "mem://store/a", "*mem:Url: is the same place as Litestream:Databases:a:Replicas:mem:Url*")]
    [InlineData("new.db", null, "mem://store/a/below", "*mem:Url: is the same place as*")]
    [InlineData("new.db", null, "mem://store", "*mem:Url: is the same place as*")]
    public async Task A_place_that_is_taken_is_refused(string path, string? metaPath, string url, string message)
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var options = new DatabaseOptions { Path = path, MetaPath = metaPath };
        options.Replicas.Add("mem", new ReplicaOptions { Url = url });

        await litestream.Invoking(l => l.AddDatabaseAsync("new", options)).Should().ThrowAsync<OptionsValidationException>().WithMessage(message);

        _application.Stores.Clients.Skip(2).Should().OnlyContain(client => client.Disposals == 1);
    }

    [Fact]
    public async Task What_was_refused_leaves_its_places_free()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var options = Options("tenant");
        options.ShadowLimit = 0;
        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", options)).Should().ThrowAsync<OptionsValidationException>();

        await litestream.Invoking(l => l.AddDatabaseAsync("other", Options("tenant"))).Should().NotThrowAsync();
    }

    [Fact]
    public async Task A_restore_that_fails_leaves_nothing()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ => Task.FromException<bool>(new ReplicaException("down"));
        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().ThrowAsync<ReplicaException>().WithMessage("down");

        litestream.Databases.Should().HaveCount(2);
        _application.Journal.Should().ContainInOrder("restore tenant", "dispose tenant");
        _application.Stores.Clients[^1].Disposals.Should().Be(1);
        _application.Logged("RestoreAtStartFailed").Should().BeEmpty();
        _application.Engines.OnCreate = _ => { };
        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().NotThrowAsync();
    }

    [Fact]
    public async Task An_engine_that_cannot_be_made_leaves_nothing()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        _application.Engines.OnCreate = _ => throw new LitestreamException("The SQLite of this application is too old.");
        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().ThrowAsync<LitestreamException>();
        _application.Engines.OnCreate = _ => { };

        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().NotThrowAsync();
    }

    [Fact]
    public async Task A_call_that_is_cancelled_adds_nothing()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        using var impatience = new CancellationTokenSource();
        var begun = HangTheRestoreOf("tenant");

        var adding = litestream.AddDatabaseAsync("tenant", Options("tenant"), impatience.Token);
        await begun.WaitAsync(Patience);
        await impatience.CancelAsync();

        await adding.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        litestream.Databases.Should().HaveCount(2);
        _application.Journal.Should().ContainInOrder("restore tenant", "dispose tenant");
    }

    [Fact]
    public async Task Databases_are_added_beside_each_other()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var both = new TaskCompletionSource<bool>();
        var restoring = 0;
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ =>
        {
            if (Interlocked.Increment(ref restoring) == 2)
            {
                both.SetResult(true);
            }

            return both.Task;
        };

        await Task.WhenAll(
            litestream.AddDatabaseAsync("one", Options("one")), litestream.AddDatabaseAsync("two", Options("two"))).WaitAsync(Patience);

        litestream.Databases.Should().HaveCount(4);
    }

    [Fact]
    public async Task Of_two_calls_for_one_name_the_second_waits_and_is_refused()
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

        var first = litestream.AddDatabaseAsync("tenant", Options("tenant"));
        await begun.Task.WaitAsync(Patience);
        var second = litestream.AddDatabaseAsync("tenant", Options("tenant"));
        second.IsCompleted.Should().BeFalse();
        going.SetResult(false);

        await first.WaitAsync(Patience);
        await second.Invoking(task => task.WaitAsync(Patience)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*already*");
        _application.Engines.Engines.Count(engine => engine.Name == "tenant").Should().Be(1);
    }

    [Fact]
    public async Task Of_two_names_for_one_place_the_second_is_refused_while_the_first_is_being_added()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = HangTheRestoreOf("one");
        using var impatience = new CancellationTokenSource();
        var first = litestream.AddDatabaseAsync("one", Options("same"), impatience.Token);
        await begun.WaitAsync(Patience);

        await litestream.Invoking(l => l.AddDatabaseAsync("two", Options("same"))).Should().ThrowAsync<OptionsValidationException>();

        await impatience.CancelAsync();
        await first.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        await litestream.Invoking(l => l.AddDatabaseAsync("two", Options("same"))).Should().NotThrowAsync();
    }

    [Fact]
    public async Task The_hosts_stop_ends_what_is_being_added()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = HangTheRestoreOf("tenant");
        var adding = litestream.AddDatabaseAsync("tenant", Options("tenant"));
        await begun.WaitAsync(Patience);

        await host.StopAsync().WaitAsync(Patience);

        await adding.Invoking(task => task).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'tenant' was not added*stops with its host*");
        _application.Journal.Should().ContainInOrder("restore tenant", "dispose tenant", "stop a").And.NotContain("start tenant");
    }

    [Fact]
    public async Task A_restore_that_does_not_come_back_keeps_no_host_from_stopping_and_is_not_added_later()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        var begun = new TaskCompletionSource();
        var hanging = new TaskCompletionSource<bool>();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ =>
        {
            begun.SetResult();
            return hanging.Task;
        };
        var adding = litestream.AddDatabaseAsync("tenant", Options("tenant"));
        await begun.Task.WaitAsync(Patience);

        var stop = host.StopAsync();
        await _application.Time.RunUntilAsync(() => stop.IsCompleted);
        await stop;
        hanging.SetResult(true);

        await adding.Invoking(task => task.WaitAsync(Patience)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'tenant' was not added*");
        litestream.Databases.Should().HaveCount(2);
        _application.Journal.Should().Contain("dispose tenant").And.NotContain("start tenant");
    }

    [Fact]
    public async Task After_the_hosts_stop_nothing_is_added()
    {
        var (host, litestream) = await StartAsync();
        using var _ = host;
        await host.StopAsync();

        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().ThrowAsync<InvalidOperationException>().WithMessage("*stops with its host*");
        await litestream.Invoking(l => l.RemoveDatabaseAsync("a")).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'a' was not removed*");
    }

    [Fact]
    public async Task After_a_start_that_failed_nothing_is_added()
    {
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ => Task.FromException<bool>(new ReplicaException("down"));
        using var host = _application.Build();
        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<ReplicaException>();
        var litestream = host.Services.GetRequiredService<ILitestream>();

        var refused = await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().ThrowAsync<InvalidOperationException>();

        refused.WithMessage("*has failed to start*").WithInnerException<ReplicaException>();
    }

    [Fact]
    public async Task After_the_hosts_disposal_nothing_is_added()
    {
        var (host, litestream) = await StartAsync();
        host.Dispose();

        await litestream.Invoking(l => l.AddDatabaseAsync("tenant", Options("tenant"))).Should().ThrowAsync<ObjectDisposedException>();
        await litestream.Invoking(l => l.RemoveDatabaseAsync("a")).Should().ThrowAsync<ObjectDisposedException>();
    }

    [Fact]
    public async Task The_start_waits_for_what_is_being_added()
    {
        using var host = _application.Build();
        var litestream = host.Services.GetRequiredService<ILitestream>();
        var going = new TaskCompletionSource<bool>();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = _ => engine.Name == "tenant" ? going.Task : Task.FromResult(false);
        var adding = litestream.AddDatabaseAsync("tenant", Options("tenant"));

        var start = host.StartAsync();
        start.IsCompleted.Should().BeFalse();
        going.SetResult(false);
        await Task.WhenAll(adding, start).WaitAsync(Patience);

        _application.Journal.Count(entry => entry == "start tenant").Should().Be(1);
    }

    private Task HangTheRestoreOf(string name)
    {
        var begun = new TaskCompletionSource();
        _application.Engines.OnCreate = engine => engine.OnRestoreMissing = async token =>
        {
            if (engine.Name == name)
            {
                begun.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            }

            return true;
        };
        return begun.Task;
    }

    private async Task<(IHost Host, ILitestream Litestream)> StartAsync()
    {
        var host = _application.Build();
        await host.StartAsync();
        return (host, host.Services.GetRequiredService<ILitestream>());
    }

    private static DatabaseOptions Options(string name, string? path = null)
    {
        var options = new DatabaseOptions { Path = path ?? $"{name}.db" };
        options.Replicas.Add("mem", new ReplicaOptions { Url = $"mem://store/{name}" });
        return options;
    }
}
