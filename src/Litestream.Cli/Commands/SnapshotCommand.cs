using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;
using Litestream.Yaml;

namespace Litestream.Cli.Commands;

/// <summary><c>snapshot</c>: replicates a database of the configuration file for as long as a snapshot takes, which needs that no other process does.</summary>
internal static class SnapshotCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("snapshot", "Uploads what is committed and a snapshot of a database that no other process replicates.")
            { options.Config, options.NoExpandEnv, options.Replica, options.Json, options.Target };
        command.Run(screen, options.Json, async (parsed, cancellationToken) =>
        {
            var arguments = options.TargetOf(parsed);
            var database = Find(arguments, screen, out var file);
            var one = new YamlFile { Path = file.Path, AccessKeyId = file.AccessKeyId, SecretAccessKey = file.SecretAccessKey };
            one.Databases.Add(database);
            using var log = new ScreenLog(screen, verbose: false);
            var replication = Service.Replication.Create(one, log);
            await using var _ = replication.ConfigureAwait(false);
            await replication.StartAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await TakeAsync(replication.Litestream.Databases[0], arguments.Replica, parsed.GetValue(options.Json), screen, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await replication.StopAsync().ConfigureAwait(false);
            }
        });
        return command;
    }

    private static YamlDatabase Find(TargetArguments arguments, Screen screen, out YamlFile file)
    {
        if (arguments.Name is not { Length: > 0 } name || ReplicaUrlText.IsUrl(name))
        {
            throw new ToolException("database path required", "name a database of the configuration file: a snapshot is of a database, not of a replica");
        }

        file = ConfigFile.Read(arguments.ConfigPath, arguments.ExpandEnvironment, screen);
        var path = ConfigFile.FullPath(name);
        var database = file.Databases.FirstOrDefault(one => ConfigFile.FullPath(one.Path) == path)
            ?? throw new ToolException($"database not found in config: {path}", $"litestream-net databases lists those of '{file.Path}'");
        if (arguments.Replica is { } replica && !database.Replicas.Any(one => one.Name == replica))
        {
            throw new ToolException(
                $"replica \"{replica}\" not found for database \"{path}\"", $"there are: {string.Join(", ", database.Replicas.Select(one => one.Name))}");
        }

        return File.Exists(path) ? database : throw new ToolException($"there is no database at {path}", "litestream-net restore brings it back from a replica");
    }

    private static async Task<int> TakeAsync(ILitestreamDatabase database, string? replica, bool json, Screen screen, CancellationToken cancellationToken)
    {
        if (database.GetStatus().State == ReplicationState.WaitingForOtherProcess)
        {
            throw new ToolException(
                $"another process replicates {database.Path}",
                "it takes snapshots by itself, as snapshot-interval says, and an application by SnapshotAsync");
        }

        await database.SnapshotAsync(replica, cancellationToken).ConfigureAwait(false);
        var replicas = database.GetStatus().Replicas.Where(one => replica is null || one.Name == replica).ToList();
        IReadOnlyList<SnapshotTakenRow> rows = [.. replicas.Select(one => new SnapshotTakenRow(one.Name, one.Position.Generation, one.Position.Index, one.LastSnapshotAt))];
        if (json)
        {
            screen.Json(rows, ToolJson.Default.IReadOnlyListSnapshotTakenRow);
        }
        else
        {
            screen.Table(
                ["replica", "generation", "index", "created"],
                [.. rows.Select(row => (string[])[row.Replica, row.Generation, GoText.Number(row.Index), row.Created is { } at ? GoText.Time(at) : "-"])]);
        }

        return 0;
    }
}

internal sealed record SnapshotTakenRow(string Replica, string Generation, int Index, DateTimeOffset? Created);
