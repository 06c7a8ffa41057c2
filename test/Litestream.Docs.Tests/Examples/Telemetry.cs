using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Docs.Examples;

public static class Telemetry
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(LitestreamDiagnostics.MeterName))
            .WithTracing(tracing => tracing.AddSource(LitestreamDiagnostics.ActivitySourceName));
        builder.Services.AddHealthChecks().AddLitestream();
    }

    public static void Watch(ILitestream litestream)
    {
        litestream.StateChanged += (_, change) =>
        {
            if (change.State == ReplicationState.Faulted)
            {
                Alert($"{change.DatabaseName}/{change.ReplicaName}: {change.LastError}");
            }
        };
    }

    private static void Alert(string text) => Console.Error.WriteLine(text);
}
