using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Hosting;

/// <summary>A real host with real databases that come and go.</summary>
public sealed class TenantsTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly FakeLogCollector _logs = FakeLogCollector.Create(new FakeLogCollectorOptions());
    private readonly IHost _host;
    private readonly ILitestream _litestream;

    public TenantsTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Services.AddLitestream(options => options.ReleaseOnStop = true);
        builder.Services.AddMetrics();
        builder.Services.AddHealthChecks().AddLitestream();
        builder.Logging.SetMinimumLevel(LogLevel.Debug).AddProvider(new FakeLoggerProvider(_logs));
        _host = builder.Build();
        _litestream = _host.Services.GetRequiredService<ILitestream>();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_tenant_is_made_written_to_lost_and_comes_back()
    {
        await _host.StartAsync();
        var tenant = await _litestream.AddDatabaseAsync("acme", Options("acme"));
        File.Exists(tenant.Path).Should().BeFalse();
        using (var app = Create("acme"))
        {
            app.Insert(10);
            await tenant.WaitForReplicationAsync().WaitAsync(Patience);
            app.Close();
        }

        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
        Directory.Delete(_folder.File("acme"), recursive: true);
        await _litestream.AddDatabaseAsync("acme", Options("acme")).WaitAsync(Patience);

        (await SqliteShell.CountAsync(_folder.File("acme/app.db"), "t")).Should().Be(10);
    }

    [Fact]
    public async Task What_was_committed_before_the_removal_is_on_the_replica_after_it()
    {
        await _host.StartAsync();
        await _litestream.AddDatabaseAsync("acme", Options("acme", syncInterval: TimeSpan.FromHours(1)));
        using var app = Create("acme");
        await _litestream.GetDatabase("acme").SyncAsync().WaitAsync(Patience);
        app.Insert(25);

        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);

        (await RestoredRowsAsync("acme")).Should().Be(25);
    }

    [Fact]
    public async Task What_is_committed_between_removal_and_addition_is_replicated_again()
    {
        await _host.StartAsync();
        await _litestream.AddDatabaseAsync("acme", Options("acme"));
        using var app = Create("acme");
        app.Insert(5);
        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
        app.Insert(5);

        var tenant = await _litestream.AddDatabaseAsync("acme", Options("acme"));
        await tenant.SyncAsync().WaitAsync(Patience);

        (await RestoredRowsAsync("acme")).Should().Be(10);
    }

    [UnixFact]
    public async Task Nothing_of_a_removed_database_is_held_open()
    {
        await _host.StartAsync();
        await _litestream.AddDatabaseAsync("acme", Options("acme"));
        using (var app = Create("acme"))
        {
            app.Insert(5);
            await _litestream.GetDatabase("acme").SnapshotAsync().WaitAsync(Patience);
            OpenFiles().Should().NotBeEmpty();
            await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
            app.Close();
        }

        OpenFiles().Should().BeEmpty();
    }

    [Fact]
    public async Task A_database_that_was_removed_says_what_there_is_to_wait_for()
    {
        await _host.StartAsync();
        var tenant = await _litestream.AddDatabaseAsync("acme", Options("acme"));
        tenant.HasCommittedSince(0).Should().BeFalse();
        using var app = Create("acme");
        tenant.HasCommittedSince(0).Should().BeTrue();
        var before = tenant.GetCommitSequence();
        app.Insert(1);
        tenant.HasCommittedSince(before).Should().BeTrue();

        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);

        tenant.HasCommittedSince(before).Should().BeFalse();
        tenant.GetStatus().State.Should().Be(ReplicationState.Stopped);
        await tenant.Invoking(t => t.SyncAsync()).Should().ThrowAsync<InvalidOperationException>();
        await tenant.Invoking(t => t.WaitForReplicationAsync()).Should().ThrowAsync<InvalidOperationException>();
        await tenant.Invoking(t => t.SnapshotAsync()).Should().ThrowAsync<InvalidOperationException>();
        await tenant.Invoking(t => t.VerifyAsync()).Should().ThrowAsync<InvalidOperationException>();
    }

    [Fact]
    public async Task A_database_that_was_removed_unreplicated_goes_on_saying_that_something_is_missing()
    {
        await _host.StartAsync();
        var tenant = await _litestream.AddDatabaseAsync("acme", Options("acme", syncInterval: TimeSpan.FromHours(1)));
        using var app = Create("acme");
        await tenant.SyncAsync().WaitAsync(Patience);
        var before = tenant.GetCommitSequence();
        Directory.Move(_folder.File("backups"), _folder.File("moved"));
        await File.WriteAllTextAsync(_folder.File("backups"), "in the way");
        app.Insert(1);

        await _litestream.Invoking(l => l.RemoveDatabaseAsync("acme").WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>();
        (await _litestream.Invoking(l => tenant.SyncAsync().WaitAsync(Patience)).Should().ThrowAsync<ReplicaException>()).Which.Message.Should().Contain("file");
        await _litestream.RemoveDatabaseAsync("acme", evenIfUnreplicated: true, CancellationToken.None).WaitAsync(Patience);

        tenant.HasCommittedSince(before).Should().BeTrue();
        _logs.GetSnapshot().Should().Contain(record => record.Id.Name == "NotReplicatedAtStop");
    }

    [Fact]
    public async Task Changes_of_state_metrics_and_health_are_those_of_the_databases_that_are_there()
    {
        var states = new ConcurrentQueue<(string Database, ReplicationState State)>();
        _litestream.StateChanged += (_, change) => states.Enqueue((change.DatabaseName, change.State));
        await _host.StartAsync();
        await _litestream.AddDatabaseAsync("acme", Options("acme"));
        await _litestream.AddDatabaseAsync("other", Options("other"));
        using var app = Create("acme");
        using var another = Create("other");
        await _litestream.SyncAsync().WaitAsync(Patience);
        Measured().Should().Contain(["acme", "other"]);
        (await HealthAsync()).Data.Keys.Should().Contain("acme.state");

        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);

        Measured().Should().Equal("other");
        var health = await HealthAsync();
        health.Data.Keys.Should().NotContain("acme.state").And.Contain("other.state");
        health.Status.Should().Be(HealthStatus.Healthy);
        await UntilAsync(() => states.Contains(("acme", ReplicationState.Stopped)));
        states.Should().Contain(("acme", ReplicationState.Replicating));
    }

    [Fact]
    public async Task An_in_place_restore_that_has_not_begun_to_exchange_is_given_up()
    {
        await _host.StartAsync();
        var tenant = await _litestream.AddDatabaseAsync("acme", Options("acme"));
        using var app = Create("acme");
        app.Insert(3);
        await tenant.SyncAsync().WaitAsync(Patience);
        var asked = new TaskCompletionSource();
        var restoring = tenant.RestoreInPlaceAsync(new InPlaceRestoreOptions
        {
            CloseConnections = async token =>
            {
                asked.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            },
        });
        await asked.Task.WaitAsync(Patience);

        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);

        await restoring.Invoking(task => task.WaitAsync(Patience)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*stopped meanwhile*");
        app.Scalar("SELECT count(*) FROM t").Should().Be(3);
        Directory.GetFiles(_folder.File("acme"), "*restored*").Should().BeEmpty();
    }

    [Fact]
    public async Task A_database_that_another_host_replicates_is_removed_without_a_sync_of_ours()
    {
        await _host.StartAsync();
        await _litestream.AddDatabaseAsync("acme", Options("acme"));
        using var app = Create("acme");
        await _litestream.SyncAsync().WaitAsync(Patience);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Services.AddLitestream(options => options.ReleaseOnStop = true);
        using var second = builder.Build();
        await second.StartAsync();
        var litestream = second.Services.GetRequiredService<ILitestream>();

        var waiting = await litestream.AddDatabaseAsync("acme", Options("acme"));
        waiting.GetStatus().State.Should().Be(ReplicationState.WaitingForOtherProcess);
        await litestream.Invoking(l => l.DeleteBackupAsync("other", Options("acme"))).Should().ThrowAsync<InvalidOperationException>();
        await litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
        await litestream.Invoking(l => l.DeleteBackupAsync("acme", Options("acme"))).Should().ThrowAsync<InvalidOperationException>().WithMessage("*another process*");

        app.Insert(1);
        await _litestream.SyncAsync().WaitAsync(Patience);
        (await RestoredRowsAsync("acme")).Should().Be(1);
    }

    [Fact]
    public async Task Databases_that_come_and_go_at_random_leave_nothing_behind_and_lose_nothing()
    {
        const int Names = 6;
        var seed = Environment.TickCount & 0xFFFFFF;
        await _host.StartAsync();
        var rows = new int[Names];

        await Task.WhenAll(Enumerable.Range(0, Names).SelectMany(name => new[] { Change(name, new Random(seed + name)), Change(name, new Random(seed + 100 + name)) }))
            .WaitAsync(TimeSpan.FromMinutes(5));

        foreach (var database in _litestream.Databases)
        {
            await _litestream.RemoveDatabaseAsync(database.Name).WaitAsync(Patience);
        }

        for (var name = 0; name < Names; name++)
        {
            (await RestoredRowsAsync($"t{name}")).Should().Be(rows[name], $"seed {seed}");
        }

        async Task Change(int number, Random random)
        {
            var name = $"t{number}";
            for (var i = 0; i < 8; i++)
            {
                try
                {
                    if (random.Next(2) == 0)
                    {
                        var added = await _litestream.AddDatabaseAsync(name, Options(name));
                        lock (rows)
                        {
                            using var app = Create(name);
                            app.Insert(1);
                            rows[number]++;
                        }

                        if (random.Next(2) == 0)
                        {
                            await added.WaitForReplicationAsync();
                        }
                    }
                    else
                    {
                        await _litestream.RemoveDatabaseAsync(name);
                    }
                }
                catch (Exception exception) when (exception is KeyNotFoundException or InvalidOperationException)
                {
                    // It is there already, or gone already.
                }
            }

            // What was written to it while it was removed is replicated once it is there again.
            try
            {
                await _litestream.AddDatabaseAsync(name, Options(name));
            }
            catch (InvalidOperationException)
            {
            }
        }
    }

    private async Task<long> RestoredRowsAsync(string name)
    {
        var path = _folder.File($"copy-{Guid.NewGuid():N}.db");
        await using var client = new FileReplicaClient(_folder.File($"backups/{name}"));
        await client.RestoreAsync(new RestoreOptions { OutputPath = path });
        return await SqliteShell.CountAsync(path, "t");
    }

    private AppDatabase Create(string name)
    {
        Directory.CreateDirectory(_folder.File(name));
        var app = new AppDatabase(_folder, $"{name}/app.db");
        app.Execute("CREATE TABLE IF NOT EXISTS t(a)");
        return app;
    }

    private string[] OpenFiles() =>
        [.. Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).OfType<string>()
            .Where(target => target.StartsWith(_folder.File("acme"), StringComparison.Ordinal))];

    private List<string> Measured()
    {
        var names = new List<string>();
        using var listener = new MeterListener();
        var factory = _host.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "litestream.database.size" && instrument.Meter.Scope == factory)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => names.Add((string)tags[0].Value!));
        listener.Start();
        listener.RecordObservableInstruments();
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private async Task<HealthReportEntry> HealthAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["litestream"];

    private static async Task UntilAsync(Func<bool> condition)
    {
        var started = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            started.Elapsed.Should().BeLessThan(Patience);
            await Task.Delay(5);
        }
    }

    private static DatabaseOptions Options(string name, TimeSpan? syncInterval = null)
    {
        var options = new DatabaseOptions { Path = $"{name}/app.db" };
        options.Replicas.Add("file", new ReplicaOptions { Url = $"backups/{name}", SyncInterval = syncInterval ?? TimeSpan.FromMilliseconds(50) });
        return options;
    }
}
