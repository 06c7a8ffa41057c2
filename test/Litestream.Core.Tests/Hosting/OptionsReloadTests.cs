using Litestream.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>The configuration changes while the application runs.</summary>
public sealed class OptionsReloadTests : IDisposable
{
    private const string Database = "Litestream:Databases:a:";

    private const string Replica = Database + "Replicas:mem:";

    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task Intervals_and_limits_apply_at_once_and_are_said()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration,
            (Replica + "SyncInterval", "7s"),
            (Replica + "SnapshotInterval", "off"),
            (Replica + "Retention", "48h"),
            (Replica + "RetentionCheckInterval", "30m"),
            (Replica + "ReplicaCheckInterval", "3h"),
            (Replica + "VerificationInterval", "2h"),
            (Database + "MonitorInterval", "20ms"),
            (Database + "CheckpointInterval", "3m"),
            (Database + "MinCheckpointPages", "5"),
            (Database + "MaxCheckpointPages", "50"),
            (Database + "BusyTimeout", "9s"),
            (Database + "ShadowLimit", "1MiB"));

        var applied = _application.Engines["a"].Applied!;
        applied.Replicas["mem"].SyncInterval.Should().Be(TimeSpan.FromSeconds(7));
        applied.Replicas["mem"].SnapshotInterval.Should().BeNull();
        applied.Replicas["mem"].Retention.Should().Be(TimeSpan.FromHours(48));
        applied.Replicas["mem"].VerificationInterval.Should().Be(TimeSpan.FromHours(2));
        (applied.MonitorInterval, applied.CheckpointInterval, applied.BusyTimeout)
            .Should().Be((TimeSpan.FromMilliseconds(20), TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(9)));
        (applied.MinCheckpointPages, applied.MaxCheckpointPages, applied.ShadowLimit).Should().Be((5, 50, 1L << 20));
        _application.Logged("OptionChanged").Select(record => record.Message).Should().HaveCount(12)
            .And.Contain(Replica + "SyncInterval is 00:00:07 from now on; it was 00:00:01")
            .And.Contain(message => message.StartsWith(Replica + "SnapshotInterval is off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_database_that_changed_hears_of_it()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration, (Replica + "SyncInterval", "7s"));
        configuration.Reload();

        _application.Journal.Where(entry => entry.StartsWith("apply", StringComparison.Ordinal)).Should().Equal("apply a");
    }

    [Theory]
    [InlineData(Database + "Path", "other.db")]
    [InlineData(Database + "MetaPath", "meta")]
    [InlineData(Database + "RestorePolicy", "Required")]
    [InlineData(Replica + "Url", "mem://secret@store/other")]
    [InlineData("Litestream:ReleaseOnStop", "true")]
    public async Task What_cannot_change_while_it_is_used_stays_and_is_said_without_its_value(string key, string value)
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration, (key, value), (Replica + "SyncInterval", "7s"));

        var applied = _application.Engines["a"].Applied!;
        (applied.Path, applied.MetaPath, applied.RestorePolicy, applied.Replicas["mem"].Url).Should().Be(("a.db", null, RestorePolicy.IfMissing, "mem://store/a"));
        applied.Replicas["mem"].SyncInterval.Should().Be(TimeSpan.FromSeconds(7), "the rest applies");
        var said = _application.Logged("OptionNeedsRestart").Should().ContainSingle().Which;
        said.Level.Should().Be(LogLevel.Warning);
        said.Message.Should().Contain(key).And.NotContain(value);
    }

    [Fact]
    public async Task Databases_and_replicas_that_come_or_go_wait_for_the_next_start()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration,
            ("Litestream:Databases:c:Path", "c.db"), ("Litestream:Databases:c:Replicas:mem:Url", "mem://store/c"),
            (Database + "Replicas:second:Url", "mem://store/second"));

        _application.Logged("OptionNeedsRestart").Select(record => record.Message.Split(' ')[0])
            .Should().BeEquivalentTo("Litestream:Databases:c", Database + "Replicas:second");
        _application.Engines.Engines.Should().HaveCount(2);
    }

    [Fact]
    public async Task What_is_invalid_changes_nothing_and_is_said_with_its_path()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        var change = () => Change(configuration, (Replica + "SyncInterval", "soon"), (Database + "MonitorInterval", "20ms"));

        change.Should().NotThrow();
        _application.Engines["a"].Applied.Should().BeNull();
        var said = _application.Logged("OptionsRefused").Should().ContainSingle().Which;
        said.Level.Should().Be(LogLevel.Error);
        said.Message.Should().Contain(Replica + "SyncInterval");
    }

    [Fact]
    public async Task After_a_mistake_the_next_sound_change_applies()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration, (Replica + "SyncInterval", "soon"));
        Change(configuration, (Replica + "SyncInterval", "8s"));

        _application.Engines["a"].Applied!.Replicas["mem"].SyncInterval.Should().Be(TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task The_time_of_the_last_sync_is_what_it_is_when_the_host_stops()
    {
        var budget = new TaskCompletionSource<bool>();
        _application.Engines.OnCreate = engine => engine.OnStop = async token =>
        {
            _application.Time.Advance(TimeSpan.FromSeconds(25));
            await Task.Yield();
            budget.TrySetResult(token.IsCancellationRequested);
        };
        var (host, configuration) = await StartAsync();
        using var _ = host;

        Change(configuration, ("Litestream:ShutdownSyncTimeout", "2m"));
        await host.StopAsync();

        (await budget.Task).Should().BeFalse("25 seconds are less than the two minutes that are configured by now");
    }

    [Fact]
    public async Task Nothing_is_followed_any_more_once_the_host_has_stopped()
    {
        var (host, configuration) = await StartAsync();
        using var _ = host;
        await host.StopAsync();

        Change(configuration, (Replica + "SyncInterval", "7s"));

        _application.Engines["a"].Applied.Should().BeNull();
    }

    [Fact]
    public void Every_option_is_known_to_apply_at_once_or_to_wait_for_a_restart()
    {
        OptionRules.ForHost.Select(rule => rule.Name).Should().BeEquivalentTo(NamesOf(typeof(LitestreamOptions)));
        OptionRules.ForDatabase.Select(rule => rule.Name).Should().BeEquivalentTo(NamesOf(typeof(DatabaseOptions)));
        OptionRules.ForReplica.Select(rule => rule.Name).Should().BeEquivalentTo(NamesOf(typeof(ReplicaOptions)));

        static IEnumerable<string> NamesOf(Type type) => type.GetProperties().Where(property => property.CanWrite).Select(property => property.Name);
    }

    [Fact]
    public async Task A_real_engine_uploads_and_checkpoints_at_its_new_pace()
    {
        using var folder = new TempDirectory();
        var stores = new BlockingStores();
        var configuration = OptionsSetup.Configuration(
            ("Litestream:ReleaseOnStop", "true"),
            ("Litestream:Databases:app:Path", "app.db"),
            ("Litestream:Databases:app:CheckpointInterval", "0s"),
            ("Litestream:Databases:app:Replicas:slow:Url", "slow://replica"),
            ("Litestream:Databases:app:Replicas:slow:SyncInterval", "24h"));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder.Path });
        builder.Services.AddSingleton<IReplicaClientFactory>(stores);
        builder.Services.AddLitestream(configuration.GetSection("Litestream"));
        using var host = builder.Build();
        using var app = new AppDatabase(folder);
        app.Execute("CREATE TABLE t(a)");
        await host.StartAsync();
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        var position = await database.SyncAsync().WaitAsync(TimeSpan.FromMinutes(1));
        app.Insert(30, 4000);
        await UntilAsync(() => database.GetStatus().Position.Covers(position) && database.GetStatus().Position != position);
        database.GetStatus().Replicas[0].Position.Should().Be(position, "nobody waits, and the next upload is due tomorrow");

        Change(configuration, ("Litestream:Databases:app:Replicas:slow:SyncInterval", "1ms"), ("Litestream:Databases:app:MinCheckpointPages", "5"));

        await UntilAsync(() => database.GetStatus().Replicas[0] is { Lag.Ticks: 0 } replica && replica.Position.Covers(database.GetStatus().Position));
        await UntilAsync(() =>
        {
            // The WAL starts over with the commit that comes after the checkpoint.
            app.Insert(1);
            return database.GetStatus().Position.Index > 0;
        });
        await host.StopAsync();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }

    private static void Change(IConfigurationRoot configuration, params (string Key, string? Value)[] settings)
    {
        foreach (var (key, value) in settings)
        {
            configuration[key] = value;
        }

        configuration.Reload();
    }

    private async Task<(IHost Host, IConfigurationRoot Configuration)> StartAsync()
    {
        var configuration = OptionsSetup.Configuration(
            (Database + "Path", "a.db"), (Replica + "Url", "mem://store/a"),
            ("Litestream:Databases:b:Path", "b.db"), ("Litestream:Databases:b:Replicas:mem:Url", "mem://store/b"));
        _application.Builder.Services.AddLitestream(configuration.GetSection("Litestream"));
        var host = _application.Builder.Build();
        await host.StartAsync();
        return (host, configuration);
    }
}
