using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Every rule of the health check, with databases whose status is as the test says.</summary>
public sealed class HealthCheckTests : IDisposable
{
    private readonly TestApplication _application = new();

    public void Dispose() => _application.Dispose();

    [Fact]
    public async Task Is_healthy_while_everything_gets_to_its_replicas_in_time()
    {
        var entry = await CheckAsync(_ => Replicating(lag: 59));

        entry.Status.Should().Be(HealthStatus.Healthy);
    }

    [Theory]
    [InlineData(60, HealthStatus.Degraded)]
    [InlineData(299, HealthStatus.Degraded)]
    [InlineData(300, HealthStatus.Unhealthy)]
    public async Task A_lag_degrades_after_a_minute_and_is_unhealthy_after_five(int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(name => name == "a" ? Replicating(lag: seconds) : Replicating());

        entry.Status.Should().Be(expected);
        entry.Description.Should().Contain("'a'").And.Contain("'mem'").And.Contain("lacks commits").And.NotContain("'b'");
    }

    [Theory]
    [InlineData(60, HealthStatus.Degraded)]
    [InlineData(300, HealthStatus.Unhealthy)]
    public async Task A_capture_that_does_not_come_back_degrades_and_is_unhealthy(int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(_ => Replicating() with { Overdue = TimeSpan.FromSeconds(seconds) });

        entry.Status.Should().Be(expected);
        entry.Description.Should().Contain("has not come back");
    }

    [Fact]
    public async Task A_faulted_replica_is_unhealthy_and_says_why()
    {
        var entry = await CheckAsync(_ => Replicating(state: ReplicationState.Faulted, error: "The bucket is gone."));

        entry.Status.Should().Be(HealthStatus.Unhealthy);
        entry.Description.Should().Contain("The bucket is gone.");
    }

    [Fact]
    public async Task A_faulted_capture_is_unhealthy_and_says_why()
    {
        var entry = await CheckAsync(_ => Replicating() with { State = ReplicationState.Faulted, LastError = "The file is no database." });

        entry.Status.Should().Be(HealthStatus.Unhealthy);
        entry.Description.Should().Contain("The file is no database.");
    }

    [Theory]
    [InlineData(59, HealthStatus.Healthy)]
    [InlineData(60, HealthStatus.Degraded)]
    [InlineData(300, HealthStatus.Unhealthy)]
    public async Task A_capture_that_fails_degrades_and_is_unhealthy(int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(_ => In(ReplicationState.Retrying, seconds));

        entry.Status.Should().Be(expected);
    }

    [Theory]
    [InlineData(ReplicationState.WaitingForDatabase, 59, HealthStatus.Healthy)]
    [InlineData(ReplicationState.WaitingForDatabase, 3600, HealthStatus.Degraded)]
    [InlineData(ReplicationState.WaitingForOtherProcess, 59, HealthStatus.Healthy)]
    [InlineData(ReplicationState.WaitingForOtherProcess, 3600, HealthStatus.Degraded)]
    public async Task Waiting_for_long_degrades(ReplicationState state, int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(_ => In(state, seconds));

        entry.Status.Should().Be(expected);
    }

    [Theory]
    [InlineData(ReplicationState.Stopped)]
    [InlineData(ReplicationState.Restoring)]
    public async Task Is_unhealthy_until_the_database_is_there_and_replicated(ReplicationState state)
    {
        var entry = await CheckAsync(_ => In(state, 0));

        entry.Status.Should().Be(HealthStatus.Unhealthy);
    }

    [Theory]
    [InlineData(59, HealthStatus.Healthy)]
    [InlineData(3600, HealthStatus.Degraded)]
    public async Task A_wal_that_a_reader_keeps_above_its_bound_degrades(int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(_ => Replicating() with { WalSize = 50_000_000, WalOverLimitSince = Now.AddSeconds(-seconds) });

        entry.Status.Should().Be(expected);
    }

    [Theory]
    [InlineData(1, HealthStatus.Healthy)]
    [InlineData(-1, HealthStatus.Degraded)]
    public async Task A_verification_that_is_overdue_degrades(int seconds, HealthStatus expected)
    {
        var entry = await CheckAsync(_ => WithReplica(replica => replica with { VerificationDueBy = Now.AddSeconds(seconds) }));

        entry.Status.Should().Be(expected);
    }

    [Fact]
    public async Task A_verification_that_could_not_be_done_degrades_and_says_why()
    {
        var entry = await CheckAsync(_ => WithReplica(replica => replica with { VerificationError = "There is no room." }));

        entry.Status.Should().Be(HealthStatus.Degraded);
        entry.Description.Should().Contain("There is no room.");
    }

    [Fact]
    public async Task A_warning_of_a_replica_degrades_and_is_repeated()
    {
        var entry = await CheckAsync(_ => WithReplica(replica => replica with { Warning = "No new snapshot." }));

        entry.Status.Should().Be(HealthStatus.Degraded);
        entry.Description.Should().Contain("No new snapshot.");
    }

    [Fact]
    public async Task Data_tell_state_and_lag_of_each_replica()
    {
        var entry = await CheckAsync(_ => Replicating(lag: 7, error: "Slow."));

        entry.Data.Should().Contain("a.state", "Replicating")
            .And.Contain("a.mem.state", "Replicating")
            .And.Contain("a.mem.lag", TimeSpan.FromSeconds(7))
            .And.Contain("b.mem.lag", TimeSpan.FromSeconds(7))
            .And.Contain("a.mem.error", "Slow.")
            .And.NotContainKey("a.error");
    }

    [Fact]
    public async Task Limits_are_configured_by_check_and_a_failure_is_what_it_is_registered_as()
    {
        _application.Builder.Services.AddHealthChecks()
            .AddLitestream()
            .AddLitestream("strict", HealthStatus.Degraded, ["ready"], options => options.UnhealthyAfter = options.DegradedAfter = TimeSpan.FromSeconds(5));
        using var host = Build(_ => Replicating(lag: 6));

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        report.Entries["litestream"].Status.Should().Be(HealthStatus.Healthy);
        report.Entries["strict"].Status.Should().Be(HealthStatus.Degraded);
        report.Entries["strict"].Tags.Should().Equal("ready");
    }

    [Fact]
    public async Task Limits_that_make_no_sense_stop_the_start()
    {
        _application.Builder.Services.AddHealthChecks().AddLitestream(configure: options => options.UnhealthyAfter = TimeSpan.FromSeconds(1));
        using var host = Build(_ => Replicating());

        await host.Invoking(h => h.StartAsync()).Should().ThrowAsync<OptionsValidationException>().WithMessage("*UnhealthyAfter*");
    }

    [Fact]
    public async Task Without_AddLitestream_it_says_what_to_call()
    {
        _application.Builder.Services.AddHealthChecks().AddLitestream();
        using var host = _application.Builder.Build();

        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        report.Entries["litestream"].Exception!.Message.Should().Contain("AddLitestream");
    }

    private DateTimeOffset Now => _application.Time.GetUtcNow();

    private async Task<HealthReportEntry> CheckAsync(Func<string, DatabaseStatus> status)
    {
        _application.Builder.Services.AddHealthChecks().AddLitestream();
        using var host = Build(status);
        return (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["litestream"];
    }

    private IHost Build(Func<string, DatabaseStatus> status)
    {
        _application.Engines.OnCreate = engine => engine.Status = status(engine.Name) with { Name = engine.Name };
        return _application.Build();
    }

    private DatabaseStatus WithReplica(Func<ReplicaStatus, ReplicaStatus> change)
    {
        var status = Replicating();
        return status with { Replicas = [change(status.Replicas[0])] };
    }

    private DatabaseStatus In(ReplicationState state, int seconds) => Replicating() with { State = state, StateSince = Now.AddSeconds(-seconds) };

    private DatabaseStatus Replicating(int lag = 0, ReplicationState state = ReplicationState.Replicating, string? error = null) => new()
    {
        Name = "set when it is known",
        State = ReplicationState.Replicating,
        StateSince = Now.AddDays(-1),
        Replicas = [new ReplicaStatus { Name = "mem", State = state, Lag = TimeSpan.FromSeconds(lag), LastError = error }],
    };
}
