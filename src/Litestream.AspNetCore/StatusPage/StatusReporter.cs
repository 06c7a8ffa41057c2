using Microsoft.Extensions.Options;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>Says how all databases stand, from memory. Asks for them each time: they come and go.</summary>
internal sealed class StatusReporter(
    ILitestream litestream, IOptionsMonitor<LitestreamOptions>? configured, string? contentRoot, LitestreamPageOptions options, TimeProvider time)
{
    /// <param name="filter">A part of the names of those to show; null for all.</param>
    /// <param name="limit">How many to show at most, the worst first; null for all.</param>
    /// <param name="allows">What whoever asks may do.</param>
    /// <param name="job">What is going on.</param>
    public PageStatus Report(string? filter, int? limit, PageAllows allows, PageJobReport? job)
    {
        var now = time.GetUtcNow();
        var settings = Settings();
        var all = litestream.Databases
            .Select(database => TryGetStatus(database) is { } status ? Report(database, status, settings, now) : null)
            .OfType<PageDatabase>()
            .ToList();
        var health = all.Count == 0 ? PageHealth.Degraded : all.Max(database => database.Health);
        var shown = all.Where(database => filter is null || database.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToList();
        return new PageStatus
        {
            Time = now,
            Health = health,
            Summary = StateWords.Summary(health, all.Count, all.Count(database => database.Health == health), TimeSpan.FromSeconds(all.SelectMany(database => database.Replicas).Select(replica => replica.LagSeconds).DefaultIfEmpty().Max())),
            DatabaseCount = all.Count,
            Databases = limit is { } most && shown.Count > most ? [.. shown.OrderByDescending(database => database.Health).Take(most)] : shown,
            Allows = allows,
            Job = job,
        };
    }

    /// <summary>A text that came out of the engine, fit to be shown.</summary>
    public string Fit(string text, string databasePath) => options.ShowPaths ? text : LocalPaths.Hide(text, databasePath);

    /// <summary>Null for a database that is being removed at this moment.</summary>
    public static DatabaseStatus? TryGetStatus(ILitestreamDatabase database)
    {
        try
        {
            return database.GetStatus();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            return null;
        }
    }

    private PageDatabase Report(ILitestreamDatabase database, DatabaseStatus status, LitestreamOptions? settings, DateTimeOffset now)
    {
        var problems = DatabaseProblems.Find(status, now)
            .Select(problem => problem with { Text = Fit(WithoutName(problem.Text, status.Name, problem.Replica), database.Path) })
            .OrderByDescending(problem => problem.Health)
            .ToList();
        var replicas = settings?.Databases.TryGetValue(status.Name, out var known) is true ? known.Replicas : null;
        return new PageDatabase
        {
            Name = status.Name,
            Health = Worst(problems.Select(problem => problem.Health), IsReady(status)),
            State = status.State.ToString(),
            StateText = StateWords.Of(status.State),
            StateSince = status.StateSince,
            Path = options.ShowPaths ? database.Path : null,
            Position = Text(status.Position),
            LastSyncedAt = status.LastSyncedAt,
            WalBytes = status.WalSize,
            ShadowBytes = status.ShadowSize,
            Problems = problems,
            Replicas =
            [
                .. status.Replicas.Select(replica => Report(
                    replica, Address(replica, replicas), problems.Where(problem => problem.Replica == replica.Name))),
            ],
        };
    }

    // A database that was added while the application runs is in no options; its replica's location lacks what a store's URL
    // may have besides, an endpoint say.
    private static string? Address(ReplicaStatus replica, IDictionary<string, ReplicaOptions>? configured) =>
        configured?.TryGetValue(replica.Name, out var options) is true ? options.Url : replica.Location?.AbsoluteUri;

    private PageReplica Report(ReplicaStatus replica, string? url, IEnumerable<PageProblem> problems) => new()
    {
        Name = replica.Name,
        Kind = string.IsNullOrWhiteSpace(url) ? null : ReplicaAddress.Kind(url),
        Url = ReplicaAddress.Show(url, contentRoot, options.ShowPaths),
        Health = Worst(problems.Select(problem => problem.Health), IsReady(replica)),
        State = replica.State.ToString(),
        StateText = StateWords.Of(replica.State),
        StateSince = replica.StateSince,
        Position = Text(replica.Position),
        LagSeconds = Math.Round(replica.Lag.TotalSeconds, 3),
        LastSyncedAt = replica.LastSyncedAt,
        LastSnapshotAt = replica.LastSnapshotAt,
        LastCheckedAt = replica.LastCheckedAt,
        LastVerifiedAt = replica.LastVerifiedAt,
        VerificationDueBy = replica.VerificationDueBy,
    };

    // The health check has nothing against them for the first minute; but they are not safe.
    private static bool IsReady(DatabaseStatus status) =>
        status.State == ReplicationState.Replicating && status.Replicas.All(IsReady);

    private static bool IsReady(ReplicaStatus replica) => replica.State == ReplicationState.Replicating && !replica.Position.IsEmpty;

    private static PageHealth Worst(IEnumerable<PageHealth> found, bool ready) =>
        found.Append(ready ? PageHealth.Safe : PageHealth.Pending).Max();

    // Who reads it sees already what it is about.
    private static string WithoutName(string text, string database, string? replica)
    {
        const string End = ") failed: ";
        return replica is not null
            && text.StartsWith($"The replica '{replica}' of database '{database}' (", StringComparison.Ordinal)
            && text.IndexOf(End, StringComparison.Ordinal) is > 0 and var end
            ? text[(end + End.Length)..]
            : text;
    }

    private static string? Text(ReplicationPosition position) => position.IsEmpty ? null : position.ToString();

    // Whoever changed the configuration to something senseless is told so elsewhere.
    private LitestreamOptions? Settings()
    {
        try
        {
            return configured?.CurrentValue;
        }
        catch (OptionsValidationException)
        {
            return null;
        }
    }
}
