using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

public sealed class LitestreamHostTests : IDisposable
{
    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public void Lists_the_databases_in_order_of_name_before_anything_has_started()
    {
        using var host = _application.Build(options => options.AddDatabase("Z.db", "mem://store/z"));

        var databases = host.Services.GetRequiredService<ILitestream>().Databases;

        databases.Select(database => database.Name).Should().Equal("Z", "a", "b");
        databases[1].Path.Should().Be(_application.Folder.File("a.db"));
    }

    [Fact]
    public void A_name_that_is_not_there_lists_those_that_are()
    {
        using var host = _application.Build();
        var litestream = host.Services.GetRequiredService<ILitestream>();

        var act = () => litestream.GetDatabase("c");

        act.Should().Throw<KeyNotFoundException>().WithMessage("*'c'*a, b*");
    }

    [Fact]
    public void A_database_is_a_keyed_service_under_its_name()
    {
        using var host = _application.Build();
        var litestream = host.Services.GetRequiredService<ILitestream>();

        host.Services.GetRequiredKeyedService<ILitestreamDatabase>("b").Should().BeSameAs(litestream.GetDatabase("b"));
        host.Services.Invoking(s => s.GetRequiredKeyedService<ILitestreamDatabase>("c")).Should().Throw<KeyNotFoundException>().WithMessage("*a, b*");
    }

    [Fact]
    public void A_scope_that_used_a_database_does_not_end_it()
    {
        using var host = _application.Build();

        using (var scope = host.Services.CreateScope())
        {
            scope.ServiceProvider.GetRequiredKeyedService<ILitestreamDatabase>("a");
        }

        _application.Journal.Should().BeEmpty();
    }

    [Fact]
    public async Task A_database_passes_every_call_on()
    {
        using var host = _application.Build();
        var database = host.Services.GetRequiredKeyedService<ILitestreamDatabase>("a");

        await database.SyncAsync();
        await database.WaitForReplicationAsync();
        database.NotifyChanged();
        await database.RestoreAsync(new RestoreOptions { OutputPath = "copy.db" });

        _application.Journal.Should().Equal("sync a", "wait a", "notify a", "restore copy a");
        database.GetStatus().Should().BeSameAs(_application.Engines["a"].Status);
    }

    [Fact]
    public async Task Syncs_all_databases_at_once()
    {
        var both = new TaskCompletionSource<ReplicationPosition>();
        var calls = 0;
        _application.Engines.OnCreate = engine => engine.OnSync = _ =>
        {
            if (Interlocked.Increment(ref calls) == 2)
            {
                both.SetResult(default);
            }

            return both.Task;
        };
        using var host = _application.Build();

        await host.Services.GetRequiredService<ILitestream>().SyncAsync().WaitAsync(TimeSpan.FromSeconds(30));

        calls.Should().Be(2);
    }

    [Fact]
    public async Task The_failure_of_one_sync_is_thrown_as_it_is()
    {
        var failure = new ReplicaException("Replica 'x' of database 'a' is down.", isTransient: true);
        _application.Engines.OnCreate = engine => engine.OnSync = _ =>
            engine.Name == "a" ? Task.FromException<ReplicationPosition>(failure) : Task.FromResult(default(ReplicationPosition));
        using var host = _application.Build();

        var thrown = await host.Services.GetRequiredService<ILitestream>().Invoking(l => l.SyncAsync()).Should().ThrowAsync<ReplicaException>();

        thrown.Which.Should().BeSameAs(failure);
        _application.Journal.Should().Contain("sync b");
    }

    [Fact]
    public async Task The_failures_of_several_syncs_are_one_exception_that_names_each_replica()
    {
        _application.Engines.OnCreate = engine => engine.OnSync = _ =>
            Task.FromException<ReplicationPosition>(new ReplicaException($"Replica 'x' of database '{engine.Name}' is down.", isTransient: true));
        using var host = _application.Build();

        var thrown = await host.Services.GetRequiredService<ILitestream>().Invoking(l => l.SyncAsync()).Should().ThrowAsync<ReplicaException>();

        thrown.Which.Message.Should().ContainAll("2 databases", "database 'a'", "database 'b'");
        thrown.Which.IsTransient.Should().BeTrue();
    }

    [Fact]
    public async Task A_cancelled_sync_is_cancelled_and_not_failed()
    {
        _application.Engines.OnCreate = engine => engine.OnSync = token => Task.FromCanceled<ReplicationPosition>(token);
        using var host = _application.Build();

        await host.Services.GetRequiredService<ILitestream>().Invoking(l => l.SyncAsync(new CancellationToken(canceled: true)))
            .Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void An_engine_is_given_full_paths_and_its_clients()
    {
        using var host = _application.Build(options =>
        {
            options.ReleaseOnStop = true;
            options.Databases["a"].Replicas.Add("another", new ReplicaOptions { Url = "backups/a" });
        });

        _ = host.Services.GetRequiredService<ILitestream>().Databases;

        var definition = _application.Engines["a"].Definition;
        definition.Path.Should().Be(_application.Folder.File("a.db"));
        definition.MetaPath.Should().Be(_application.Folder.File(".a.db-litestream-net"));
        definition.ReleaseOnStop.Should().BeTrue();
        definition.Replicas.Select(replica => replica.Name).Should().Equal("another", "mem");
        definition.Replicas[0].Client.Location.LocalPath.Should().Be(_application.Folder.File(Path.Combine("backups", "a")));
    }

    [Fact]
    public void A_client_is_made_once_for_validation_and_engine()
    {
        using var host = _application.Build();

        _ = host.Services.GetRequiredService<ILitestream>().Databases;

        _application.Stores.Clients.Should().HaveCount(2);
        _application.Engines["a"].Definition.Replicas[0].Client.Should().BeSameAs(_application.Stores.Clients[0]);
    }

    [Fact]
    public async Task RestoreLitestreamAsync_without_AddLitestream_says_what_to_call()
    {
        using var host = _application.Builder.Build();

        await host.Invoking(h => h.RestoreLitestreamAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*AddLitestream*");
    }
}
