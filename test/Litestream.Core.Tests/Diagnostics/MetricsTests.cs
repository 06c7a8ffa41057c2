using System.Diagnostics.Metrics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;

namespace Litestream.Diagnostics;

/// <summary>The instruments of a real application with a folder for a replica: names, units and attributes are a contract.</summary>
public sealed class MetricsTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly BlockingStores _stores = new();
    private readonly IHost _host;

    public MetricsTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Services.AddMetrics();
        builder.Services.AddSingleton<IReplicaClientFactory>(_stores);
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "slow://replica");
            options.ReleaseOnStop = true;
            options.Databases["app"].CheckpointInterval = TimeSpan.Zero;
            options.Databases["app"].MinCheckpointPages = 20;
            options.Databases["app"].Replicas["slow"].SyncInterval = TimeSpan.FromMilliseconds(10);
        });
        _host = builder.Build();
    }

    private ILitestreamDatabase Database => _host.Services.GetRequiredService<ILitestream>().GetDatabase("app");

    public async ValueTask DisposeAsync()
    {
        _stores.Release();
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_pass_that_captures_is_measured_and_counts_its_bytes()
    {
        using var durations = Collect<double>("litestream.sync.duration");
        using var copied = Collect<long>("litestream.wal.copied");
        using var app = await StartAsync();

        app.Insert(3);
        await SyncAsync();

        durations.GetMeasurementSnapshot().Should().NotBeEmpty().And.OnlyContain(m => m.Value >= 0 && Is(m.Tags, "litestream.database.name", "app"));
        copied.GetMeasurementSnapshot().EvaluateAsCounter().Should().Be(Database.GetStatus().Position.Offset);
        ShouldHaveTags(copied, "litestream.database.name");
    }

    [Fact]
    public async Task A_generation_is_counted_with_its_reason()
    {
        using var generations = Collect<long>("litestream.generations");
        using var app = await StartAsync();
        await SyncAsync();

        var measurement = generations.GetMeasurementSnapshot().Should().ContainSingle().Which;

        measurement.Value.Should().Be(1);
        measurement.Tags.Should().BeEquivalentTo(new Dictionary<string, object?>
        {
            ["litestream.database.name"] = "app",
            ["litestream.generation.reason"] = "none_yet",
        });
    }

    [Fact]
    public async Task A_checkpoint_is_measured_with_its_outcome()
    {
        using var checkpoints = Collect<double>("litestream.checkpoint.duration");
        using var app = await StartAsync();

        app.Insert(50, 4000);
        await SyncAsync();

        // Partial if it came between two of the commits, or while the first snapshot's image was open.
        SpinWait.SpinUntil(() => checkpoints.GetMeasurementSnapshot().Count > 0, TimeSpan.FromMinutes(1)).Should().BeTrue();
        checkpoints.GetMeasurementSnapshot().Should().OnlyContain(m =>
            Is(m.Tags, "litestream.checkpoint.outcome", "complete") || Is(m.Tags, "litestream.checkpoint.outcome", "partial"));
        ShouldHaveTags(checkpoints, "litestream.database.name", "litestream.checkpoint.outcome");
    }

    [Fact]
    public async Task Every_call_to_a_replica_is_measured_and_its_bytes_are_counted()
    {
        using var operations = Collect<double>("litestream.replica.operation.duration");
        using var io = Collect<long>("litestream.replica.io");
        using var app = await StartAsync();
        app.Insert(3);
        await SyncAsync();
        await Database.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });

        var names = operations.GetMeasurementSnapshot().Select(m => m.Tags["litestream.operation.name"]).Distinct();
        names.Should().Contain(["list", "read", "write"]).And.BeSubsetOf(["list", "list_prefixes", "read", "write", "delete"]);
        ShouldHaveTags(operations, "litestream.database.name", "litestream.replica.name", "litestream.replica.type", "litestream.operation.name");
        ShouldHaveTags(io, "litestream.database.name", "litestream.replica.name", "network.io.direction");
        Bytes("transmit").Should().Be(_stores.Client.TotalBytes);
        Bytes("receive").Should().BePositive("a restore need not read what lies behind the last frame of an object");

        long Bytes(string direction) =>
            io.GetMeasurementSnapshot().Where(m => Is(m.Tags, "network.io.direction", direction)).Sum(m => m.Value);
    }

    [Fact]
    public async Task The_bytes_of_wal_that_a_replica_took_are_counted_as_they_were_before_compression()
    {
        using var uploaded = Collect<long>("litestream.replica.wal");
        using var app = await StartAsync();
        app.Insert(3);
        var position = await SyncAsync();

        uploaded.GetMeasurementSnapshot().EvaluateAsCounter().Should().Be(position.Offset);
        ShouldHaveTags(uploaded, "litestream.database.name", "litestream.replica.name");
    }

    [Fact]
    public async Task Snapshots_and_restores_are_measured_by_replica()
    {
        using var snapshots = Collect<double>("litestream.snapshot.duration");
        using var restores = Collect<double>("litestream.restore.duration");
        using var app = await StartAsync();
        await SyncAsync();
        await Database.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });

        snapshots.GetMeasurementSnapshot().Should().ContainSingle();
        restores.GetMeasurementSnapshot().Should().ContainSingle();
        ShouldHaveTags(snapshots, "litestream.database.name", "litestream.replica.name");
        ShouldHaveTags(restores, "litestream.database.name", "litestream.replica.name");
    }

    [Fact]
    public async Task A_failure_is_measured_with_its_type()
    {
        using var operations = Collect<double>("litestream.replica.operation.duration");
        using var restores = Collect<double>("litestream.restore.duration");
        using var app = await StartAsync();
        await SyncAsync();
        _stores.Fail(new ReplicaException("The store says no."));

        await Database.Invoking(d => d.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") })).Should().ThrowAsync<ReplicaException>();

        restores.GetMeasurementSnapshot().Should().ContainSingle(m => Is(m.Tags, "error.type", "Litestream.ReplicaException"));
        operations.GetMeasurementSnapshot().Should().Contain(m => Is(m.Tags, "error.type", "Litestream.ReplicaException"));
    }

    [Fact]
    public async Task Sizes_are_those_of_the_files_and_positions()
    {
        using var databases = Collect<long>("litestream.database.size");
        using var wals = Collect<long>("litestream.wal.size");
        using var shadows = Collect<long>("litestream.shadow.size");
        using var app = await StartAsync();
        app.Insert(3);
        await SyncAsync();

        Read(databases).Should().Be(new FileInfo(app.Path).Length);
        Read(wals).Should().Be(Database.GetStatus().WalSize).And.BePositive();
        Read(shadows).Should().Be(Database.GetStatus().ShadowSize).And.BePositive();
        ShouldHaveTags(databases, "litestream.database.name");
        ShouldHaveTags(wals, "litestream.database.name");
        ShouldHaveTags(shadows, "litestream.database.name");
    }

    [Fact]
    public async Task The_lag_is_zero_while_idle_and_grows_while_a_call_to_the_replica_hangs()
    {
        using var lag = Collect<double>("litestream.replica.lag");
        using var app = await StartAsync();
        await SyncAsync();
        Read(lag).Should().Be(0);

        _stores.Block();
        app.Insert(1);
        await UntilAsync(() => Read(lag) > 0);
        var before = Read(lag);
        await UntilAsync(() => Read(lag) > before + 0.05);
        _stores.Release();
        await SyncAsync();

        Read(lag).Should().Be(0);
        ShouldHaveTags(lag, "litestream.database.name", "litestream.replica.name");
    }

    [Fact]
    public async Task A_host_that_has_stopped_reports_no_gauges()
    {
        using var lag = Collect<double>("litestream.replica.lag");
        using var app = await StartAsync();
        await SyncAsync();

        await _host.StopAsync();
        lag.RecordObservableInstruments();

        lag.GetMeasurementSnapshot().Should().BeEmpty();
    }

    [Fact]
    public void Without_a_factory_the_meter_is_its_own()
    {
        using var metrics = new LitestreamMetrics(factory: null);
        using var collector = new MetricCollector<long>(null, LitestreamDiagnostics.MeterName, "litestream.generations");

        Telemetry(metrics).GenerationStarted("none_yet");

        collector.GetMeasurementSnapshot().Should().Contain(m => Is(m.Tags, "litestream.database.name", "alone"));
    }

    [Fact]
    public void What_nobody_listens_to_allocates_nothing()
    {
        using var metrics = new LitestreamMetrics(new LoneMeterFactory());
        var telemetry = Telemetry(metrics);

        Allocations.Least(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                ReportAll();
            }
        }).Should().Be(0);

        void ReportAll()
        {
            telemetry.Synced(TimeSpan.FromSeconds(1), null);
            telemetry.WalCopied(10);
            telemetry.GenerationStarted("none_yet");
            telemetry.Checkpointed(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), "complete", null);
            telemetry.Operated("replica", "file", "list", TimeSpan.FromSeconds(1), null);
            telemetry.Transferred("replica", "transmit", 10);
            telemetry.WalUploaded("replica", 10);
        }
    }

    private static DatabaseTelemetry Telemetry(LitestreamMetrics metrics) =>
        new(metrics, "alone", "alone.db", () => new DatabaseStatus { Name = "alone", State = ReplicationState.Stopped }, TimeProvider.System);

    private async Task<AppDatabase> StartAsync()
    {
        var app = new AppDatabase(_folder);
        app.Execute("CREATE TABLE t(a)");
        await _host.StartAsync();
        return app;
    }

    private Task<ReplicationPosition> SyncAsync() => Database.SyncAsync().WaitAsync(Patience);

    private MetricCollector<T> Collect<T>(string instrument)
        where T : struct
    {
        // Made when the first of its instruments is; the host starts later.
        _ = _host.Services.GetRequiredService<LitestreamMetrics>();
        return new MetricCollector<T>(_host.Services.GetRequiredService<IMeterFactory>(), LitestreamDiagnostics.MeterName, instrument);
    }

    private static T Read<T>(MetricCollector<T> gauge)
        where T : struct
    {
        gauge.RecordObservableInstruments();
        return gauge.LastMeasurement!.Value;
    }

    private static bool Is(IReadOnlyDictionary<string, object?> tags, string key, string value) =>
        tags.TryGetValue(key, out var found) && Equals(found, value);

    private static void ShouldHaveTags<T>(MetricCollector<T> collector, params string[] keys)
        where T : struct =>
        collector.GetMeasurementSnapshot().Should().NotBeEmpty().And.OnlyContain(m => !m.Tags.ContainsKey("error.type") && m.Tags.Keys.Order().SequenceEqual(keys.Order()));

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            await Task.Delay(5, timeout.Token);
        }
    }
}
