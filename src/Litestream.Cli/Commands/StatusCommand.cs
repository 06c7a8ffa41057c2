using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>status</c>: of every database of the configuration file, or of one, how far each replica is, by what the replicas hold.</summary>
internal static class StatusCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("status", "Shows how far the replicas of the databases are.")
            { options.Config, options.NoExpandEnv, options.Replica, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var arguments = options.TargetOf(parsed);
            IReadOnlyList<string> names = arguments.Name is { Length: > 0 } one
                ? [one]
                : [.. ConfigFile.Read(arguments.ConfigPath, arguments.ExpandEnvironment, screen).Databases.Select(database => database.Path)];
            var rows = new List<StatusRow>();
            foreach (var name in names)
            {
                var target = await Target.OpenAsync(arguments with { Name = name }, screen).ConfigureAwait(false);
                await using var _ = target.ConfigureAwait(false);
                foreach (var replica in target.Replicas)
                {
                    rows.Add(await LookAsync(target.DatabasePath ?? name, target.DatabasePath, replica, cancellationToken).ConfigureAwait(false));
                }
            }

            Print(rows, parsed.GetValue(options.Json), screen);
            return rows.TrueForAll(row => row.Error is null) ? 0 : LitestreamCommandLine.Failure;
        });
        return command;
    }

    private static void Print(List<StatusRow> rows, bool json, Screen screen)
    {
        if (json)
        {
            screen.Json(rows, ToolJson.Default.IReadOnlyListStatusRow);
            return;
        }

        screen.Table(
            ["database", "replica", "state", "generation", "index", "lag", "newest", "snapshot"],
            [.. rows.Select(row => (string[])
            [
                row.Database,
                row.Replica,
                row.State,
                row.Generation ?? "-",
                row.Index is { } index ? GoText.Number(index) : "-",
                row.LagSeconds is { } lag ? GoText.Lag(TimeSpan.FromSeconds(lag)) : "-",
                row.Newest is { } newest ? GoText.Time(newest) : "-",
                row.Snapshot is { } snapshot ? GoText.Time(snapshot) : "-",
            ])]);
        foreach (var row in rows.Where(row => row.Error is not null))
        {
            screen.Note($"error: {row.Error}");
        }
    }

    private static async Task<StatusRow> LookAsync(string shown, string? database, NamedReplica replica, CancellationToken cancellationToken)
    {
        try
        {
            var catalog = await Catalogs.LoadAsync(replica, cancellationToken).ConfigureAwait(false);
            var newest = catalog.Generations.MaxBy(Catalogs.NewestOf);
            if (newest is null)
            {
                return new StatusRow(shown, replica.Name, "empty", null, null, null, null, null, null);
            }

            var at = Catalogs.NewestOf(newest);
            var lag = Catalogs.ChangedAt(database) is { } changed ? Math.Max(0, (changed - at).TotalSeconds) : (double?)null;
            return new StatusRow(
                shown,
                replica.Name,
                newest.Snapshots.Count == 0 ? "no snapshot" : "ok",
                newest.Name,
                newest.Segments.Select(segment => segment.Index).Concat(newest.Snapshots.Select(snapshot => snapshot.Index)).Max(),
                lag,
                at,
                newest.Snapshots.Count == 0 ? null : newest.Snapshots[^1].CreatedAt,
                null);
        }
        catch (ToolException exception)
        {
            return new StatusRow(shown, replica.Name, "unreadable", null, null, null, null, null, exception.Message);
        }
    }
}

/// <summary>How far one replica is: by the store's times, and the time at which the database was written last.</summary>
internal sealed record StatusRow(
    string Database,
    string Replica,
    string State,
    string? Generation,
    int? Index,
    double? LagSeconds,
    DateTimeOffset? Newest,
    DateTimeOffset? Snapshot,
    string? Error);
