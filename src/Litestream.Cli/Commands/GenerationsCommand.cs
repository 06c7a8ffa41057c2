using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;
using Litestream.Storage;

namespace Litestream.Cli.Commands;

/// <summary><c>generations</c>: what each spans, and how far it is behind the database.</summary>
internal static class GenerationsCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("generations", "Lists the generations of a database or a replica: their lag and the time they span.")
            { options.Config, options.NoExpandEnv, options.Replica, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var target = await Target.OpenAsync(options.TargetOf(parsed), screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);

            // A database that is gone is measured against now, as a replica by its URL is.
            var changed = Catalogs.ChangedAt(target.DatabasePath) ?? TimeProvider.System.GetUtcNow();
            var rows = new List<GenerationRow>();
            foreach (var replica in target.Replicas)
            {
                var catalog = await Catalogs.LoadAsync(replica, cancellationToken).ConfigureAwait(false);
                rows.AddRange(catalog.Generations.Select(generation => Row(replica.Name, generation, changed)));
            }

            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListGenerationRow);
            }
            else
            {
                screen.Table(
                    ["name", "generation", "lag", "start", "end"],
                    [.. rows.Select(row => (string[])
                        [row.Replica, row.Generation, GoText.Lag(TimeSpan.FromSeconds(row.LagSeconds)), GoText.Time(row.Start), GoText.Time(row.End)])]);
            }

            return 0;
        });
        return command;
    }

    private static GenerationRow Row(string replica, CatalogGeneration generation, DateTimeOffset changed)
    {
        var times = generation.Snapshots.Select(snapshot => snapshot.CreatedAt)
            .Concat(generation.Segments.Select(segment => segment.CreatedAt)).ToList();
        return new GenerationRow(replica, generation.Name, (changed - times.Max()).TotalSeconds, times.Min(), times.Max());
    }
}

internal sealed record GenerationRow(string Replica, string Generation, double LagSeconds, DateTimeOffset Start, DateTimeOffset End);
