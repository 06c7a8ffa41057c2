using System.Globalization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// What is wrong with a database, in words. As strict as the health check with its default limits: a test compares the two.
/// </summary>
internal static class DatabaseProblems
{
    private static readonly TimeSpan DegradedAfter = new LitestreamHealthCheckOptions().DegradedAfter;
    private static readonly TimeSpan UnhealthyAfter = new LitestreamHealthCheckOptions().UnhealthyAfter;

    /// <summary>Everything that is wrong.</summary>
    public static IEnumerable<PageProblem> Find(DatabaseStatus status, DateTimeOffset now)
    {
        if (OfState(status, status.StateSince is { } since && now > since ? now - since : TimeSpan.Zero) is { } problem)
        {
            yield return problem;
        }

        if (status.State is ReplicationState.Stopped or ReplicationState.Restoring)
        {
            yield break;
        }

        if (BySize(status.Overdue) is { } hung)
        {
            yield return new PageProblem(
                hung, null, $"The library has not come back from a look at the database for {Words(status.Overdue)}.",
                "Usually the disk hangs, or the process gets no processor time. If it stays, restart the application: what is committed is on the local disk and is uploaded then.");
        }

        if (status.WalOverLimitSince is { } full && now - full >= DegradedAfter)
        {
            yield return new PageProblem(
                PageHealth.Degraded, null, $"The WAL has grown to {Bytes(status.WalSize)} and cannot start over: something has been reading for {Words(now - full)}.",
                "Find the query or transaction that is never finished, and end it. Nothing is lost meanwhile, but the file grows.");
        }

        foreach (var found in status.Replicas.SelectMany(replica => Find(status, replica, now)))
        {
            yield return found;
        }
    }

    /// <summary>A time, as long as a person needs it.</summary>
    public static string Words(TimeSpan time) =>
        time < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s")
        : time < TimeSpan.FromHours(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min")
        : time < TimeSpan.FromDays(2) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0} h")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalDays:0} days");

    /// <summary>A size, as long as a person needs it.</summary>
    public static string Bytes(long bytes) =>
        bytes < 1 << 20 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB")
        : bytes < 1 << 30 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.#} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.#} GiB");

    private static PageProblem? OfState(DatabaseStatus status, TimeSpan inState) => status.State switch
    {
        ReplicationState.Stopped => new(
            PageHealth.Unhealthy, null, "Replication does not run.",
            "It starts and stops with the application's host. If the application is up, its log says why this did not start."),
        ReplicationState.Restoring => new(
            PageHealth.Unhealthy, null, "The database is being restored.",
            "Wait until it is done. Until then nothing is replicated."),
        ReplicationState.WaitingForDatabase when inState >= DegradedAfter => new(
            PageHealth.Degraded, null, $"The database does not exist, or cannot be opened, for {Words(inState)}.{Because(status.LastError)}",
            "It is picked up as soon as it can be. If it should be there, check its path and the rights of the process."),
        ReplicationState.WaitingForOtherProcess when inState >= DegradedAfter => new(
            PageHealth.Degraded, null, $"Another process replicates this database for {Words(inState)}.",
            "During a deployment that is as it should be: this one takes over when the other ends. Otherwise end the one that is too many."),
        ReplicationState.Faulted => new(
            PageHealth.Unhealthy, null, $"The database cannot be captured.{Because(status.LastError)}",
            "It does not pass by itself. Mend what is said above; it is tried again on a slow clock, and at once after a restart."),
        ReplicationState.Retrying => new(
            BySize(inState) ?? PageHealth.Pending, null, $"The database cannot be captured for {Words(inState)}.{Because(status.LastError)}",
            "It is tried again by itself. If it stays, look at the disk and at who has the database locked."),
        _ => null,
    };

    private static IEnumerable<PageProblem> Find(DatabaseStatus status, ReplicaStatus replica, DateTimeOffset now)
    {
        if (replica.State == ReplicationState.Faulted)
        {
            yield return new PageProblem(
                PageHealth.Unhealthy, replica.Name, replica.LastError ?? replica.VerificationError ?? "The replica does not take uploads.",
                "It does not pass by itself: somebody has to mend what is said here. Changes stay on the local disk until then.");
        }

        var late = BySize(replica.Lag);
        if (late is { } bad)
        {
            yield return new PageProblem(
                bad, replica.Name, $"Commits of the last {Words(replica.Lag)} are not on this replica.{(replica.State == ReplicationState.Retrying ? Because(replica.LastError) : "")}",
                "They are on the local disk and are uploaded as soon as the store takes them. Check that it can be reached, and that the keys may write to it.");
        }
        else if (replica.State == ReplicationState.Retrying)
        {
            yield return new PageProblem(
                PageHealth.Pending, replica.Name, replica.LastError ?? "The last upload failed.",
                "It is tried again by itself, after a growing delay.");
        }

        if (replica.VerificationError is { } error && replica.State != ReplicationState.Faulted)
        {
            yield return new PageProblem(
                PageHealth.Degraded, replica.Name, $"It could not be verified: {error}",
                "It is tried again within the hour. A verification needs free disk of one and a quarter times the database.");
        }

        if (replica.VerificationDueBy is { } due && now > due)
        {
            yield return new PageProblem(
                PageHealth.Degraded, replica.Name, $"Its verification is overdue for {Words(now - due)}.",
                "A backup counts once it has been restored: see the log for why none succeeded, or restore a copy below and look at it.");
        }

        if (replica.Warning is { } warning)
        {
            yield return new PageProblem(
                PageHealth.Degraded, replica.Name, warning, "Commits are uploaded all the same. The log has more.");
        }

        if (replica.Position.IsEmpty && !status.Position.IsEmpty && late is null && replica.State == ReplicationState.Replicating)
        {
            yield return new PageProblem(
                PageHealth.Pending, replica.Name, "The first snapshot is on its way: nothing can be restored from this replica yet.", "Wait until it is uploaded.");
        }
    }

    private static PageHealth? BySize(TimeSpan time) =>
        time >= UnhealthyAfter ? PageHealth.Unhealthy
        : time >= DegradedAfter ? PageHealth.Degraded
        : null;

    private static string Because(string? error) => error is null ? "" : $" {error}";
}
