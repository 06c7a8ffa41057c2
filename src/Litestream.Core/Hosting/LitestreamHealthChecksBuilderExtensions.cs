using Litestream;
using Litestream.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check of the replication.</summary>
public static class LitestreamHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that says, from memory and at once, whether what is committed gets to the replicas in time. Its data hold
    /// the state and the lag of each replica.
    /// </summary>
    /// <param name="builder">What <c>AddHealthChecks()</c> returned.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">What is reported instead of unhealthy; null for unhealthy.</param>
    /// <param name="tags">Tags, to tell checks apart.</param>
    /// <param name="configure">Sets when it is degraded and when unhealthy.</param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">A parameter that must be there is null.</exception>
    public static IHealthChecksBuilder AddLitestream(
        this IHealthChecksBuilder builder,
        string name = "litestream",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        Action<LitestreamHealthCheckOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        builder.Services.AddOptions<LitestreamHealthCheckOptions>(name)
            .Configure(configure ?? (static _ => { }))
            .Validate(
                static options => options.DegradedAfter > TimeSpan.Zero && options.UnhealthyAfter >= options.DegradedAfter,
                $"{nameof(LitestreamHealthCheckOptions)}: {nameof(LitestreamHealthCheckOptions.DegradedAfter)} must be longer than zero, "
                + $"and {nameof(LitestreamHealthCheckOptions.UnhealthyAfter)} not shorter.")
            .ValidateOnStart();
        return builder.Add(new HealthCheckRegistration(
            name,
            static provider => new LitestreamHealthCheck(
                provider.GetService<ILitestream>(),
                provider.GetRequiredService<IOptionsMonitor<LitestreamHealthCheckOptions>>(),
                provider.GetService<TimeProvider>() ?? TimeProvider.System),
            failureStatus,
            tags));
    }
}
