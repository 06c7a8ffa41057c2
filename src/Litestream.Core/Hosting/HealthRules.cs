using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Litestream.Hosting;

/// <summary>What is wrong with a database, by its status alone.</summary>
internal static class HealthRules
{
    /// <summary>Everything that is wrong.</summary>
    public static IEnumerable<HealthFinding> Find(DatabaseStatus status, LitestreamHealthCheckOptions options, DateTimeOffset now)
    {
        var at = $"Database '{status.Name}'";
        var inState = status.StateSince is { } since && now > since ? now - since : TimeSpan.Zero;
        switch (status.State)
        {
            case ReplicationState.Stopped:
                yield return Unhealthy($"{at} is not replicated: replication does not run");
                yield break;
            case ReplicationState.Restoring:
                yield return Unhealthy($"{at} is being restored");
                yield break;
            case ReplicationState.WaitingForDatabase when inState >= options.DegradedAfter:
                yield return Degraded($"{at} does not exist, or cannot be opened, for {Words(inState)}");
                break;
            case ReplicationState.WaitingForOtherProcess when inState >= options.DegradedAfter:
                yield return Degraded($"{at} is replicated by another process for {Words(inState)}");
                break;
            case ReplicationState.Faulted:
                yield return Unhealthy($"{at} cannot be captured: {status.LastError}");
                break;
            case ReplicationState.Retrying when BySize(inState, options) is { } bad:
                yield return new HealthFinding(bad, $"{at} cannot be captured for {Words(inState)}: {status.LastError}");
                break;
        }

        if (BySize(status.Overdue, options) is { } hung)
        {
            yield return new HealthFinding(hung, $"{at}: the capture has not come back for {Words(status.Overdue)}");
        }

        if (status.WalOverLimitSince is { } full && now - full >= options.DegradedAfter)
        {
            yield return Degraded(string.Create(
                CultureInfo.InvariantCulture,
                $"{at}: the WAL has {status.WalSize} bytes and cannot be checkpointed for {Words(now - full)}, because a reader stands in the way"));
        }

        foreach (var finding in status.Replicas.SelectMany(replica => Find(at, replica, options, now)))
        {
            yield return finding;
        }
    }

    private static IEnumerable<HealthFinding> Find(string database, ReplicaStatus replica, LitestreamHealthCheckOptions options, DateTimeOffset now)
    {
        var at = $"{database}, replica '{replica.Name}'";
        if (replica.State == ReplicationState.Faulted)
        {
            yield return Unhealthy($"{at} is faulted: {replica.LastError}");
        }

        if (BySize(replica.Lag, options) is { } late)
        {
            yield return new HealthFinding(late, $"{at} lacks commits that are {Words(replica.Lag)} old");
        }

        if (replica.VerificationError is { } error && replica.State != ReplicationState.Faulted)
        {
            yield return Degraded($"{at} could not be verified: {error}");
        }

        if (replica.VerificationDueBy is { } due && now > due)
        {
            yield return Degraded($"{at}: its verification is overdue for {Words(now - due)}");
        }

        if (replica.Warning is { } warning)
        {
            yield return Degraded($"{at}: {warning}");
        }
    }

    private static HealthStatus? BySize(TimeSpan time, LitestreamHealthCheckOptions options) =>
        time >= options.UnhealthyAfter ? HealthStatus.Unhealthy
        : time >= options.DegradedAfter ? HealthStatus.Degraded
        : null;

    private static HealthFinding Unhealthy(string text) => new(HealthStatus.Unhealthy, text);

    private static HealthFinding Degraded(string text) => new(HealthStatus.Degraded, text);

    private static string Words(TimeSpan time) => time.ToString(@"d\.hh\:mm\:ss", CultureInfo.InvariantCulture) is var text && text.StartsWith("0.", StringComparison.Ordinal)
        ? text[2..]
        : text;
}
