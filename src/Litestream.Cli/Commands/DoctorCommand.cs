using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>doctor</c>: tries out what the stores of a database's replicas, or of one replica, can do.</summary>
internal static class DoctorCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("doctor", "Tries out what a store can do: writes a few small objects beside the backup, and deletes them.")
            { options.Config, options.NoExpandEnv, options.Replica, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var target = await Target.OpenAsync(options.TargetOf(parsed), screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);
            var rows = new List<DoctorRow>();
            foreach (var replica in target.Replicas)
            {
                rows.Add(await ProbeAsync(replica, cancellationToken).ConfigureAwait(false));
            }

            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListDoctorRow);
            }
            else
            {
                screen.Table(
                    ["replica", "usable", "write", "list", "range", "delete", "exclusive"],
                    [.. rows.Select(row => (string[])
                        [row.Replica, Word(row.Usable), Word(row.Write), Word(row.List), Word(row.ReadRange), Word(row.Delete), Word(row.CreateExclusively)])]);
                foreach (var row in rows)
                {
                    foreach (var finding in row.Findings)
                    {
                        screen.Line($"{row.Replica}: {finding}");
                    }
                }
            }

            return rows.TrueForAll(row => row.Usable) ? 0 : LitestreamCommandLine.Failure;
        });
        return command;
    }

    private static async Task<DoctorRow> ProbeAsync(NamedReplica replica, CancellationToken cancellationToken)
    {
        try
        {
            var probe = await replica.Client.ProbeAsync(cancellationToken).ConfigureAwait(false);
            return new DoctorRow(
                replica.Name,
                probe.Location.ToString(),
                probe.IsUsable,
                probe.CanWrite,
                probe.CanList,
                probe.CanReadRanges,
                probe.CanDelete,
                probe.CreatesExclusively,
                probe.Findings);
        }
        catch (LitestreamException exception)
        {
            return new DoctorRow(replica.Name, replica.Client.Location.ToString(), false, false, false, false, false, false, [exception.Message]);
        }
    }

    private static string Word(bool can) => can ? "yes" : "no";
}

internal sealed record DoctorRow(
    string Replica,
    string Location,
    bool Usable,
    bool Write,
    bool List,
    bool ReadRange,
    bool Delete,
    bool CreateExclusively,
    IReadOnlyList<string> Findings);
