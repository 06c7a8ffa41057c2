using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary>
/// <c>verify</c>: restores each replica into a temporary folder and checks all of it. A backup counts once it has been
/// restored. With what the database holds now only the process that replicates can compare (<c>validation-interval</c>).
/// </summary>
internal static class VerifyCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var temporary = CommonOptions.Text("temp", "Where the database is restored to and deleted again. Default: the system's temporary folder.", "FOLDER");
        var command = new Command("verify", "Restores each replica into a temporary folder and checks every page and index.")
            { options.Config, options.NoExpandEnv, options.Replica, temporary, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var target = await Target.OpenAsync(options.TargetOf(parsed), screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);
            if (target.Replicas.Count == 0)
            {
                throw new ToolException("the database has no replica", "give it one in the configuration file");
            }

            var rows = new List<VerifyRow>();
            foreach (var replica in target.Replicas)
            {
                rows.Add(await VerifyAsync(replica, parsed.GetValue(temporary), screen, cancellationToken).ConfigureAwait(false));
            }

            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListVerifyRow);
            }
            else
            {
                screen.Table(
                    ["replica", "result", "generation", "index", "offset", "size"],
                    [.. rows.Select(row => (string[])
                        [row.Replica, row.Error is null ? "ok" : "failed", row.Generation, GoText.Number(row.Index), GoText.Number(row.Offset), GoText.Number(row.Size)])]);
                foreach (var row in rows.Where(row => row.Error is not null))
                {
                    screen.Note($"error: {row.Replica}: {row.Error}");
                }
            }

            return rows.TrueForAll(row => row.Error is null) ? 0 : LitestreamCommandLine.Failure;
        });
        return command;
    }

    private static async Task<VerifyRow> VerifyAsync(NamedReplica replica, string? temporary, Screen screen, CancellationToken cancellationToken)
    {
        var folder = string.IsNullOrEmpty(temporary)
            ? Directory.CreateTempSubdirectory("litestream-net-verify-")
            : Directory.CreateDirectory(Path.Join(Path.GetFullPath(temporary), $"litestream-net-verify-{Guid.NewGuid():n}"));
        try
        {
            using var log = new ScreenLog(screen, verbose: false);
            var result = await RestoreProgressDisplay.RunAsync(screen, progress => replica.Client.RestoreAsync(
                new RestoreOptions { OutputPath = Path.Join(folder.FullName, "db"), IntegrityCheck = IntegrityCheck.Full, Progress = progress },
                log,
                cancellationToken)).ConfigureAwait(false);
            return new VerifyRow(replica.Name, result.Position.Generation, result.Position.Index, result.Position.Offset, result.DatabaseSize, null);
        }
        catch (LitestreamException exception)
        {
            return new VerifyRow(replica.Name, "", 0, 0, 0, exception.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}

internal sealed record VerifyRow(string Replica, string Generation, int Index, long Offset, long Size, string? Error);
