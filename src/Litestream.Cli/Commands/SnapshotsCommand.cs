using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>snapshots</c>: those of a database's replicas or of one replica. Indexes are decimal, sizes compressed.</summary>
internal static class SnapshotsCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("snapshots", "Lists the snapshots of a database or a replica.")
            { options.Config, options.NoExpandEnv, options.Replica, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var target = await Target.OpenAsync(options.TargetOf(parsed), screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);
            var rows = new List<SnapshotRow>();
            foreach (var replica in target.Replicas)
            {
                var catalog = await Catalogs.LoadAsync(replica, cancellationToken).ConfigureAwait(false);
                rows.AddRange(catalog.Generations.SelectMany(generation => generation.Snapshots.Select(snapshot =>
                    new SnapshotRow(replica.Name, generation.Name, snapshot.Index, snapshot.Size, snapshot.CreatedAt))));
            }

            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListSnapshotRow);
            }
            else
            {
                screen.Table(
                    ["replica", "generation", "index", "size", "created"],
                    [.. rows.Select(row => (string[])[row.Replica, row.Generation, GoText.Number(row.Index), GoText.Number(row.Size), GoText.Time(row.Created)])]);
            }

            return 0;
        });
        return command;
    }
}

internal sealed record SnapshotRow(string Replica, string Generation, int Index, long Size, DateTimeOffset Created);
