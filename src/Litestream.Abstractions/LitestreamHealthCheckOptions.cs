namespace Litestream;

/// <summary>When the health check reports trouble.</summary>
public sealed class LitestreamHealthCheckOptions
{
    /// <summary>
    /// From this on it is degraded: the lag of a replica, a capture that has not come back, a WAL that cannot be
    /// checkpointed, a database that is missing or that another process replicates.
    /// </summary>
    /// <value>Default: 1 minute.</value>
    public TimeSpan DegradedAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>From this on it is unhealthy: the lag of a replica, a capture that has not come back or cannot read the database.</summary>
    /// <value>Default: 5 minutes.</value>
    public TimeSpan UnhealthyAfter { get; set; } = TimeSpan.FromMinutes(5);
}
