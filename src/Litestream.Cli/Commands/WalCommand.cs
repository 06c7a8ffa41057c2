using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>wal</c>: the WAL segments of a database's replicas or of one replica. Indexes and offsets are decimal, sizes compressed.</summary>
internal static class WalCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var generation = CommonOptions.Text("generation", "Only this generation.", "NAME");
        var command = new Command("wal", "Lists the WAL segments of a database or a replica.")
            { options.Config, options.NoExpandEnv, options.Replica, generation, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var target = await Target.OpenAsync(options.TargetOf(parsed), screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);
            var wanted = parsed.GetValue(generation);
            var rows = new List<WalRow>();
            foreach (var replica in target.Replicas)
            {
                var catalog = await Catalogs.LoadAsync(replica, cancellationToken).ConfigureAwait(false);
                rows.AddRange(catalog.Generations
                    .Where(one => string.IsNullOrEmpty(wanted) || one.Name == wanted)
                    .SelectMany(one => one.Segments.Select(segment =>
                        new WalRow(replica.Name, one.Name, segment.Index, segment.Offset, segment.Size, segment.CreatedAt))));
            }

            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListWalRow);
            }
            else
            {
                screen.Table(
                    ["replica", "generation", "index", "offset", "size", "created"],
                    [.. rows.Select(row => (string[])
                        [row.Replica, row.Generation, GoText.Number(row.Index), GoText.Number(row.Offset), GoText.Number(row.Size), GoText.Time(row.Created)])]);
            }

            return 0;
        });
        return command;
    }
}

internal sealed record WalRow(string Replica, string Generation, int Index, long Offset, long Size, DateTimeOffset Created);
