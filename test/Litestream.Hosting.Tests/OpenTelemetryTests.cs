using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Litestream.Hosting;

/// <summary>What a real OpenTelemetry SDK makes of the meter and the spans: in memory, and as the text that Prometheus reads.</summary>
public sealed partial class OpenTelemetryTests
{
    [Fact]
    public async Task Prometheus_reads_every_instrument_under_its_name_and_unit()
    {
        await using var app = new WebApp(AddPrometheus, static app => app.MapPrometheusScrapingEndpoint());
        using var database = await app.StartAsync();
        database.Insert(5);
        await app.SyncAsync();
        await app.Database.RestoreAsync(new RestoreOptions { OutputPath = app.File("copy.db") });

        var text = await app.GetAsync("/metrics");

        Families(text).Should().Contain(new Dictionary<string, string>
        {
            ["litestream_database_size_bytes"] = "gauge",
            ["litestream_wal_size_bytes"] = "gauge",
            ["litestream_shadow_size_bytes"] = "gauge",
            ["litestream_sync_duration_seconds"] = "histogram",
            ["litestream_wal_copied_bytes_total"] = "counter",
            ["litestream_generations_total"] = "counter",
            ["litestream_replica_lag_seconds"] = "gauge",
            ["litestream_replica_operation_duration_seconds"] = "histogram",
            ["litestream_replica_io_bytes_total"] = "counter",
            ["litestream_replica_wal_bytes_total"] = "counter",
            ["litestream_snapshot_duration_seconds"] = "histogram",
            ["litestream_restore_duration_seconds"] = "histogram",
        });
        Value(text, "litestream_database_size_bytes").Should().Be(new FileInfo(database.Path).Length);
        Value(text, "litestream_replica_lag_seconds").Should().Be(0);
        text.Should().NotContain(app.File(""), "a path is no attribute");
        text.Should().Contain("le=\"0.0001\"", "buckets are advised");
    }

    [Fact]
    public async Task The_lag_that_Prometheus_reads_grows_while_the_replica_cannot_be_written()
    {
        await using var app = new WebApp(AddPrometheus, static app => app.MapPrometheusScrapingEndpoint());
        using var database = await app.StartAsync();
        var replica = app.File("backups/app");
        Directory.Move(replica, replica + ".away");
        await System.IO.File.WriteAllTextAsync(replica, "a file where the folder was");

        database.Insert(1);
        var first = await UntilAsync(app, lag => lag > 0);
        await UntilAsync(app, lag => lag > first);
        System.IO.File.Delete(replica);
        Directory.Move(replica + ".away", replica);
        await app.SyncAsync();

        await UntilAsync(app, lag => lag == 0);
    }

    [Fact]
    public async Task Spans_and_metrics_are_exported()
    {
        var spans = new List<Activity>();
        var metrics = new List<Metric>();
        await using (var app = new WebApp(builder => builder.Services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(LitestreamDiagnostics.ActivitySourceName).AddInMemoryExporter(spans))
            .WithMetrics(builder => builder.AddMeter(LitestreamDiagnostics.MeterName).AddInMemoryExporter(metrics))))
        {
            using var database = await app.StartAsync();
            database.Insert(1);
            await app.SyncAsync();
            app.App.Services.GetRequiredService<MeterProvider>().ForceFlush().Should().BeTrue();
        }

        spans.Select(span => span.DisplayName).Should().Contain(["litestream sync", "litestream snapshot"]);
        metrics.Select(metric => (metric.Name, metric.Unit)).Should().Contain([("litestream.wal.copied", "By"), ("litestream.replica.lag", "s"), ("litestream.generations", "{generation}")]);
        metrics.Should().OnlyContain(metric => metric.MeterName == "Litestream");
    }

    private static void AddPrometheus(WebApplicationBuilder builder) => builder.Services.AddOpenTelemetry()
        .WithMetrics(metrics => metrics.AddMeter(LitestreamDiagnostics.MeterName).AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 0));

    private static async Task<double> UntilAsync(WebApp app, Func<double, bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            var text = await app.GetAsync("/metrics");
            text.Should().Contain("litestream_replica_lag_seconds");
            var lag = Value(text, "litestream_replica_lag_seconds");
            if (condition(lag))
            {
                return lag;
            }

            await Task.Delay(10, timeout.Token);
        }
    }

    private static Dictionary<string, string> Families(string text) =>
        Type().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    private static double Value(string text, string name) => double.Parse(
        Regex.Match(text, $@"^{name}\{{[^}}]*\}} (\S+)", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Type();
}
