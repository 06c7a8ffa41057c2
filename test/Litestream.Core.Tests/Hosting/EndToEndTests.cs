using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Hosting;

/// <summary>A real host, a real engine, a real database and a folder: what the application's author gets.</summary>
public sealed class EndToEndTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly FakeLogCollector _logs = FakeLogCollector.Create(new FakeLogCollectorOptions());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task One_line_is_enough_to_get_a_lost_database_back()
    {
        using (var host = Build())
        {
            await host.StartAsync();
            using var app = CreateApp();
            app.Insert(10);
            await Litestream(host).SyncAsync().WaitAsync(Patience);
            app.Close();
            await host.StopAsync();
        }

        LoseTheDatabase();
        using (var host = Build())
        {
            await host.StartAsync();
            using var app = new AppDatabase(_folder);

            app.Scalar("SELECT count(*) FROM t").Should().Be(10);
            _logs.GetSnapshot().Should().ContainSingle(record => record.Id.Name == "DatabaseRestored");
        }
    }

    [Fact]
    public async Task What_was_committed_before_the_stop_is_on_the_replica_after_it()
    {
        using var host = Build(options => options.Databases["app"].Replicas["file"].SyncInterval = TimeSpan.FromHours(1));
        await host.StartAsync();
        using var app = CreateApp();
        await Litestream(host).SyncAsync().WaitAsync(Patience);
        app.Insert(25);

        await host.StopAsync();

        (await RestoredRowsAsync()).Should().Be(25);
        Events().Should().Contain("DatabaseStopped").And.NotContain("NotReplicatedAtStop");
    }

    [Fact]
    public async Task What_was_committed_is_on_the_replica_of_a_host_that_was_only_disposed()
    {
        var host = Build();
        await host.StartAsync();
        using var app = CreateApp();
        app.Insert(5);

        host.Dispose();

        (await RestoredRowsAsync()).Should().Be(5);
    }

    [Fact]
    public async Task What_is_migrated_between_the_restore_and_the_start_is_captured()
    {
        using (CreateApp())
        {
        }

        using var host = Build();
        await host.RestoreLitestreamAsync();
        using (var app = new AppDatabase(_folder))
        {
            app.Execute("CREATE TABLE migrated(a)");
            app.Insert(3);
        }

        await host.StartAsync();
        await Litestream(host).SyncAsync().WaitAsync(Patience);

        (await RestoredRowsAsync("SELECT count(*) FROM t, (SELECT count(*) FROM migrated)")).Should().Be(3);
    }

    [Fact]
    public async Task Waiting_for_replication_makes_a_commit_restorable()
    {
        using var host = Build();
        await host.StartAsync();
        using var app = CreateApp();
        await Litestream(host).SyncAsync().WaitAsync(Patience);
        app.Insert(1);

        var position = await host.Services.GetRequiredKeyedService<ILitestreamDatabase>("app").WaitForReplicationAsync().WaitAsync(Patience);

        (await RestoredRowsAsync(position: position)).Should().Be(1);
    }

    [Fact]
    public async Task A_restart_goes_on_in_the_same_generation()
    {
        ReplicationPosition before;
        using var app = CreateApp();
        using (var host = Build(options => options.ReleaseOnStop = false))
        {
            await host.StartAsync();
            before = await Litestream(host).GetDatabase("app").SyncAsync().WaitAsync(Patience);
            await host.StopAsync();
        }

        using (var host = Build())
        {
            await host.StartAsync();
            app.Insert(1);
            var after = await Litestream(host).GetDatabase("app").SyncAsync().WaitAsync(Patience);

            after.Generation.Should().Be(before.Generation);
            after.Covers(before).Should().BeTrue();
        }
    }

    [Fact]
    public async Task A_missing_database_without_a_backup_starts_new()
    {
        using var host = Build();

        await host.StartAsync();

        Litestream(host).GetDatabase("app").GetStatus().State.Should().Be(ReplicationState.WaitingForDatabase);
        File.Exists(_folder.File("app.db")).Should().BeFalse();
    }

    [Fact]
    public async Task A_missing_database_without_a_backup_stops_the_start_where_one_is_required()
    {
        using var host = Build(options => options.Databases["app"].RestorePolicy = RestorePolicy.Required);

        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<BackupNotFoundException>().WithMessage("*'app'*");

        File.Exists(_folder.File("app.db")).Should().BeFalse();
    }

    [Fact]
    public async Task A_missing_database_stays_missing_where_it_is_never_restored()
    {
        await ReplicateAsync(rows: 1);
        LoseTheDatabase();
        using var host = Build(options => options.Databases["app"].RestorePolicy = RestorePolicy.Never);

        await host.StartAsync();

        File.Exists(_folder.File("app.db")).Should().BeFalse();
    }

    [Fact]
    public async Task A_damaged_backup_stops_the_start_and_creates_nothing()
    {
        await ReplicateAsync(rows: 1);
        LoseTheDatabase();
        foreach (var snapshot in Directory.EnumerateFiles(_folder.File("backups"), "*.snapshot.lz4", SearchOption.AllDirectories))
        {
            await File.WriteAllBytesAsync(snapshot, []);
        }

        using var host = Build();

        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<ReplicaException>().WithMessage("*snapshot*");
        File.Exists(_folder.File("app.db")).Should().BeFalse();
        Events().Should().Contain("RestoreAtStartFailed");
    }

    [Fact]
    public async Task An_existing_database_starts_although_its_replica_is_unreachable_and_says_what_is_missing_at_stop()
    {
        // A file where a folder has to be made.
        await File.WriteAllTextAsync(_folder.File("blocked"), "");
        using var app = CreateApp();
        using var host = Build(options =>
        {
            options.ShutdownSyncTimeout = TimeSpan.FromMilliseconds(200);
            options.Databases["app"].Replicas["file"].Url = "blocked/app";
        });

        await host.StartAsync();
        app.Insert(1);
        await Litestream(host).Invoking(l => l.SyncAsync().WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>().WithMessage("*file*");
        await host.StopAsync();

        app.Scalar("SELECT count(*) FROM t").Should().Be(1);
        Events().Should().Contain("NotReplicatedAtStop").And.NotContain("DatabaseStopped");
        _logs.GetSnapshot().Should().ContainSingle(log => log.Id.Name == "NotReplicatedAtStop")
            .Which.Message.Should().Contain("lacks commits: it can be restored to what it held before, the database is at ");
    }

    [Fact]
    public async Task A_stop_whose_time_is_over_says_of_each_replica_exactly_what_it_lacks()
    {
        var hanging = new Diagnostics.BlockingStores();
        using var app = CreateApp();
        using var host = Build(
            options =>
            {
                options.ShutdownSyncTimeout = TimeSpan.FromSeconds(1);
                options.Databases["app"].Replicas["second"] = new ReplicaOptions { Url = "slow://replica" };
            },
            hanging);
        await host.StartAsync();
        var held = await Litestream(host).GetDatabase("app").SyncAsync().WaitAsync(Patience);
        hanging.Fail(new ReplicaException("The store does not answer.", isTransient: true));
        app.Insert(20);

        await host.StopAsync();

        var said = _logs.GetSnapshot().Where(record => record.Id.Name == "NotReplicatedAtStop").Should().ContainSingle("the other replica has it all").Which;
        var status = Litestream(host).GetDatabase("app").GetStatus();
        var fields = said.StructuredState!.ToDictionary(pair => pair.Key, pair => pair.Value);
        fields.Should().Contain("Replica", "second").And.Contain("ReplicaPosition", held.ToString()).And.Contain("Position", status.Position.ToString());
        status.Replicas.Single(replica => replica.Name == "file").Position.Should().Be(status.Position);
        (await RestoredRowsAsync(position: status.Position)).Should().Be(20);
        Events().Should().NotContain("DatabaseStopped");
    }

    [Fact]
    public async Task What_is_committed_when_there_is_no_time_at_all_is_said_to_be_missing()
    {
        using var app = CreateApp();
        using var host = Build(options => options.Databases["app"].Replicas["file"].SyncInterval = TimeSpan.FromHours(1));
        await host.StartAsync();
        var held = await Litestream(host).GetDatabase("app").SyncAsync().WaitAsync(Patience);
        app.Insert(20);

        await host.StopAsync(new CancellationToken(canceled: true));

        var status = Litestream(host).GetDatabase("app").GetStatus();
        status.Position.Offset.Should().BeGreaterThan(held.Offset, "it is captured on this disk");
        var behind = !status.Replicas[0].Position.Covers(status.Position);
        Events().Contains("NotReplicatedAtStop").Should().Be(behind);
        Events().Contains("DatabaseStopped").Should().Be(!behind);
    }

    [Fact]
    public async Task A_start_that_fails_half_way_lets_go_of_what_it_had_and_the_next_one_works()
    {
        using var app = CreateApp();
        using (var host = Build(options => options.AddDatabase("required", database =>
        {
            database.Path = "required.db";
            database.RestorePolicy = RestorePolicy.Required;
            database.Replicas["file"] = new ReplicaOptions { Url = "backups/required" };
        })))
        {
            await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<BackupNotFoundException>();
        }

        using var again = Build();
        await again.StartAsync();
        app.Insert(3);
        await Litestream(again).SyncAsync().WaitAsync(Patience);

        Litestream(again).GetDatabase("app").GetStatus().State.Should().Be(ReplicationState.Replicating);
        (await RestoredRowsAsync()).Should().Be(3);
    }

    [Fact]
    public async Task Two_machines_on_one_replica_each_have_a_generation_of_their_own_and_neither_harms_the_other()
    {
        using var elsewhere = new TempDirectory();
        using var here = CreateApp();
        using var first = Build();
        await first.StartAsync();
        here.Insert(5);
        var mine = await Litestream(first).GetDatabase("app").SyncAsync().WaitAsync(Patience);

        await using var second = new ReplicatedApp(elsewhere, _ => new FileReplicaClient(_folder.File("backups/app")));
        using var there = new AppDatabase(elsewhere);
        there.Execute("CREATE TABLE t(a)");
        there.Insert(7);
        await second.StartAsync();
        var theirs = await second.SyncAsync();
        here.Insert(5);
        var mineAgain = await Litestream(first).GetDatabase("app").SyncAsync().WaitAsync(Patience);
        there.Insert(7);
        var theirsAgain = await second.SyncAsync();

        theirs.Generation.Should().NotBe(mine.Generation);
        mineAgain.Generation.Should().Be(mine.Generation);
        theirsAgain.Generation.Should().Be(theirs.Generation);
        (await RestoredRowsAsync(position: mineAgain)).Should().Be(10);
        (await RestoredRowsAsync(position: theirsAgain)).Should().Be(14);
    }

    [Fact]
    public async Task After_the_stop_a_sync_says_that_nothing_runs()
    {
        using var app = CreateApp();
        using var host = Build();
        await host.StartAsync();
        await host.StopAsync();

        await Litestream(host).Invoking(l => l.SyncAsync()).Should().ThrowAsync<InvalidOperationException>();
        Litestream(host).GetDatabase("app").GetStatus().State.Should().Be(ReplicationState.Stopped);
    }

    private IHost Build(Action<LitestreamOptions>? configure = null, IReplicaClientFactory? stores = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(_logs));
        if (stores is not null)
        {
            builder.Services.AddSingleton(stores);
        }

        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "backups/app");
            options.ReleaseOnStop = true;
            configure?.Invoke(options);
        });
        return builder.Build();
    }

    private AppDatabase CreateApp()
    {
        var app = new AppDatabase(_folder);
        app.Execute("CREATE TABLE t(a)");
        return app;
    }

    private async Task ReplicateAsync(int rows)
    {
        using var host = Build();
        await host.StartAsync();
        using var app = CreateApp();
        app.Insert(rows);
        await Litestream(host).SyncAsync().WaitAsync(Patience);
        app.Close();
        await host.StopAsync();
    }

    private void LoseTheDatabase()
    {
        foreach (var file in Directory.EnumerateFiles(_folder.Path, "app.db*"))
        {
            File.Delete(file);
        }

        Directory.Delete(_folder.File(".app.db-litestream-net"), recursive: true);
    }

    private async Task<long> RestoredRowsAsync(string sql = "SELECT count(*) FROM t", ReplicationPosition? position = null)
    {
        var copy = _folder.File($"{Guid.NewGuid():n}.copy");
        await using var client = new FileReplicaClient(_folder.File("backups/app"));
        await client.RestoreAsync(new RestoreOptions { OutputPath = copy, Position = position });
        using var connection = new SqliteConnection($"Data Source={copy};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is the test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    private IEnumerable<string?> Events() => _logs.GetSnapshot().Select(record => record.Id.Name);

    private static ILitestream Litestream(IHost host) => host.Services.GetRequiredService<ILitestream>();
}
