using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Says from memory, at once, whether what is committed gets to the replicas.</summary>
internal sealed class LitestreamHealthCheck(
    ILitestream? litestream, IOptionsMonitor<LitestreamHealthCheckOptions> options, TimeProvider time) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (litestream is null)
        {
            throw new InvalidOperationException("Call AddLitestream on the application's services too.");
        }

        var limits = options.Get(context.Registration.Name);
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        var findings = new List<HealthFinding>();
        foreach (var status in litestream.Databases.Select(database => database.GetStatus()))
        {
            Describe(status, data);
            findings.AddRange(HealthRules.Find(status, limits, time.GetUtcNow()));
        }

        return Task.FromResult(new HealthCheckResult(Worst(findings, context.Registration.FailureStatus), Words(findings, data), exception: null, data));
    }

    /// <summary>Unhealthy is what the application wants it to be: it registers the check with that status.</summary>
    private static HealthStatus Worst(List<HealthFinding> findings, HealthStatus failureStatus) =>
        findings.Exists(finding => finding.Status == HealthStatus.Unhealthy) ? failureStatus
        : findings.Count > 0 ? HealthStatus.Degraded
        : HealthStatus.Healthy;

    private static string Words(List<HealthFinding> findings, Dictionary<string, object> data) =>
        findings.Count > 0 ? string.Join("; ", findings.OrderBy(finding => finding.Status).Select(finding => finding.Text)) + "."
        : data.Count > 0 ? "Every replica has what is committed, or gets it in time."
        : "No databases are configured: nothing is replicated.";

    private static void Describe(DatabaseStatus status, Dictionary<string, object> data)
    {
        data[$"{status.Name}.state"] = status.State.ToString();
        data[$"{status.Name}.position"] = status.Position.ToString();
        Add($"{status.Name}.error", status.LastError);
        foreach (var replica in status.Replicas)
        {
            var at = $"{status.Name}.{replica.Name}";
            data[$"{at}.state"] = replica.State.ToString();
            data[$"{at}.lag"] = replica.Lag;
            data[$"{at}.position"] = replica.Position.ToString();
            Add($"{at}.synced", replica.LastSyncedAt);
            Add($"{at}.verified", replica.LastVerifiedAt);
            Add($"{at}.error", replica.LastError);
        }

        void Add(string key, object? value)
        {
            if (value is not null)
            {
                data[key] = value;
            }
        }
    }
}
