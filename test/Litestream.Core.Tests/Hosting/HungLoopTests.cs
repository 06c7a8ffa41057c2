using Litestream.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Hosting;

/// <summary>A real host whose loop really hangs, with a clock of the test's.</summary>
public sealed class HungLoopTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly BlockingStores _stores = new();
    private readonly HangingLogger _logger = new();
    private readonly IHost _host;

    public HungLoopTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Logging.AddProvider(_logger);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton<IReplicaClientFactory>(_stores);
        builder.Services.AddHealthChecks().AddLitestream();
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "slow://replica");
            options.ReleaseOnStop = true;
        });
        _host = builder.Build();
    }

    public async ValueTask DisposeAsync()
    {
        _logger.Release();
        _stores.Release();
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_capture_that_hangs_is_degraded_after_a_minute_and_unhealthy_after_five()
    {
        await _host.StartAsync();
        _logger.HangAt("GenerationStarted");
        using var app = new AppDatabase(_folder);
        app.Execute("CREATE TABLE t(a)");
        await PumpUntilAsync(() => _logger.Hangs);

        (await CheckAsync()).Status.Should().Be(HealthStatus.Healthy);
        _time.Advance(TimeSpan.FromMinutes(1));
        var degraded = await CheckAsync();
        _time.Advance(TimeSpan.FromMinutes(4));
        var unhealthy = await CheckAsync();
        _logger.Release();
        await PumpUntilAsync(() => Status.Overdue == TimeSpan.Zero);

        degraded.Status.Should().Be(HealthStatus.Degraded);
        degraded.Description.Should().Contain("has not come back");
        unhealthy.Status.Should().Be(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task The_lag_grows_while_the_capture_hangs_and_is_gone_when_it_has_caught_up()
    {
        await _host.StartAsync();
        _logger.HangAt("GenerationStarted");
        using var app = new AppDatabase(_folder);
        app.Execute("CREATE TABLE t(a)");
        await PumpUntilAsync(() => _logger.Hangs);

        _time.Advance(TimeSpan.FromMinutes(2));
        var lag = Status.Replicas[0].Lag;
        _time.Advance(TimeSpan.FromMinutes(2));

        lag.Should().BeGreaterThanOrEqualTo(TimeSpan.FromMinutes(2));
        Status.Replicas[0].Lag.Should().Be(lag + TimeSpan.FromMinutes(2));
        _logger.Release();
        await PumpUntilAsync(() => Status is { Position.IsEmpty: false } status && status.Replicas[0] is { Lag.Ticks: 0, Position.IsEmpty: false });
    }

    [Fact]
    public async Task An_upload_that_hangs_is_degraded_and_unhealthy_by_its_lag()
    {
        using var app = new AppDatabase(_folder);
        app.Execute("CREATE TABLE t(a)");
        await _host.StartAsync();
        await PumpUntilAsync(() => Status.Replicas[0] is { Position.IsEmpty: false, Lag.Ticks: 0 });
        (await CheckAsync()).Status.Should().Be(HealthStatus.Healthy);

        _stores.Block();
        app.Insert(1);
        await PumpUntilAsync(() => Status.Replicas[0].Lag > TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMinutes(1));
        var degraded = await CheckAsync();
        _time.Advance(TimeSpan.FromMinutes(4));

        degraded.Status.Should().Be(HealthStatus.Degraded);
        (await CheckAsync()).Status.Should().Be(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task Is_unhealthy_until_the_database_is_restored()
    {
        using (var app = new AppDatabase(_folder))
        {
            app.Execute("CREATE TABLE t(a)");
            await using var first = new ReplicatedApp(_folder, _ => _stores.Client);
            await first.StartAsync();
            await first.SyncAsync();
            app.Close();
            await first.StopAsync();
            first.DestroyDatabase();
        }

        _stores.Block();
        var restore = _host.RestoreLitestreamAsync();
        await PumpUntilAsync(() => Status.State == ReplicationState.Restoring);
        var during = await CheckAsync();
        _stores.Release();
        await restore.WaitAsync(Patience);
        await _host.StartAsync();
        await PumpUntilAsync(() => Status.State == ReplicationState.Replicating);

        during.Status.Should().Be(HealthStatus.Unhealthy);
        during.Description.Should().Contain("is being restored");
        during.Data.Should().Contain("app.state", "Restoring");
        (await CheckAsync()).Status.Should().Be(HealthStatus.Healthy);
    }

    private DatabaseStatus Status => _host.Services.GetRequiredService<ILitestream>().GetDatabase("app").GetStatus();

    private async Task<HealthReportEntry> CheckAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["litestream"];

    /// <summary>Lets the loops run: the clock moves in small steps, with real time between them for real work.</summary>
    private async Task PumpUntilAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (!condition())
        {
            timeout.IsCancellationRequested.Should().BeFalse("the status is {0}, {1}", Status, Status.Replicas[0]);

            // On another thread: the clock runs what waits for it there and then, also what is about to hang.
            var step = Task.Run(() => _time.Advance(TimeSpan.FromMilliseconds(10)));
            await Task.WhenAny(step, Task.Delay(50));
            await Task.Delay(5);
        }
    }

    /// <summary>A logger that does not return from one event: a loop hangs wherever the disk or a provider does.</summary>
    private sealed class HangingLogger : ILoggerProvider, ILogger
    {
        private readonly ManualResetEventSlim _gate = new();
        private volatile string? _at;

        public bool Hangs { get; private set; }

        public void HangAt(string eventName) => _at = eventName;

        public void Release() => _gate.Set();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name is { } name && name == _at)
            {
                Hangs = true;
                _gate.Wait(Patience);
                Hangs = false;
            }
        }

        public void Dispose()
        {
        }
    }
}
