using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>restore</c>: a database from one of its replicas, in the order of checks that Litestream has.</summary>
internal static class RestoreCommand
{
    private const string Nothing = "no matching backups found";

    public static Command Create(Screen screen)
    {
        var options = new RestoreCommandOptions();
        var command = new Command("restore", "Restores a database from a replica: to the latest commit, a time, an index or a generation.");
        options.AddTo(command);
        command.Run(screen, options.Common.Json, async (parsed, cancellationToken) =>
        {
            var request = options.Read(parsed);
            var target = await Target.OpenAsync(request.Target, screen).ConfigureAwait(false);
            await using var _ = target.ConfigureAwait(false);
            request = request with
            {
                OutputPath = request.OutputPath ?? target.DatabasePath
                    ?? throw new ToolException("output path required", "say where to put the database: -o PATH"),
            };
            if (request.IfDbNotExists && Path.Exists(request.OutputPath))
            {
                screen.Note("database already exists, skipping");
                return 0;
            }

            try
            {
                return await RestoreAsync(target, request, screen, cancellationToken).ConfigureAwait(false);
            }
            catch (BackupNotFoundException exception) when (request.IfReplicaExists)
            {
                // Only a listing that succeeded and showed nothing comes here.
                screen.Note($"{Nothing}: {exception.Message}");
                return 0;
            }
        });
        return command;
    }

    private static async Task<int> RestoreAsync(Target target, RestoreCommandRequest request, Screen screen, CancellationToken cancellationToken)
    {
        var choice = await RestoreChoice.FindAsync(target.Replicas, request, cancellationToken).ConfigureAwait(false);
        if (choice.IsIndexPastEnd)
        {
            screen.Warn($"-index {request.Index:x8} lies past the end of generation {choice.Plan.Generation}: restoring its latest state");
        }

        if (choice.Plan.EndsAt is { } end && end < request.Timestamp)
        {
            screen.Note($"the last commit at or before {request.Timestamp:O} is of {end.UtcDateTime:O}"
                + (choice.Plan.NextGeneration is { } next ? $"; generation {next} begins only at {choice.Plan.NextBeginsAt.UtcDateTime:O}" : ""));
        }

        var output = request.OutputPath!;
        if (Path.Exists(output))
        {
            throw new ToolException(
                $"cannot restore, output path already exists: {output}",
                "a restore never replaces a file: move it away or choose another path with -o; -if-db-not-exists makes this exit code 0");
        }

        var plan = RestorePlanReport.Of(choice, output);
        if (request.IsDryRun)
        {
            Report(plan, request.IsJson, screen);
            return 0;
        }

        screen.Note($"restoring {ByteText.Of(plan.Bytes)} replica={plan.Replica} generation={plan.Generation} snapshot={plan.SnapshotIndex:x8} wal-segments={plan.WalSegments} path={output}");
        using var log = new ScreenLog(screen, request.IsVerbose);
        var result = await RestoreProgressDisplay.RunAsync(screen, progress =>
        {
            choice.Options.OutputPath = output;
            choice.Options.Parallelism = request.Parallelism;
            choice.Options.Progress = progress;
            return choice.Replica.Client.RestoreAsync(choice.Options, log, cancellationToken);
        }).ConfigureAwait(false);
        var report = new RestoreReport(
            output, choice.Replica.Name, result.Position.Generation, result.Position.Index, result.Position.Offset, result.DatabaseSize, result.Duration.TotalSeconds);
        if (request.IsJson)
        {
            screen.Json(report, ToolJson.Default.RestoreReport);
        }

        screen.Note($"restored {ByteText.Of(report.DatabaseSize)} at {result.Position} in {GoText.Lag(result.Duration)} path={output}");
        return 0;
    }

    private static void Report(RestorePlanReport plan, bool json, Screen screen)
    {
        if (json)
        {
            screen.Json(plan, ToolJson.Default.RestorePlanReport);
            return;
        }

        screen.Table(
            ["dry run", "would restore"],
            [
                ["path", plan.Output],
                ["replica", plan.Replica],
                ["generation", plan.Generation],
                ["snapshot", $"index {plan.SnapshotIndex:x8} of {GoText.Time(plan.SnapshotCreated)}"],
                ["wal", plan.WalSegments == 0 ? "none" : $"{plan.WalSegments} segments, up to index {plan.LastIndex:x8} of {GoText.Time(plan.LastCreated)}"],
                ["download", ByteText.Of(plan.Bytes)],
            ]);
    }
}
