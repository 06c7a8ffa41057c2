using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary><c>databases</c>: those of the configuration file.</summary>
internal static class DatabasesCommand
{
    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var command = new Command("databases", "Lists the databases of the configuration file.") { options.Config, options.NoExpandEnv, options.Json };
        command.Run(screen, options.Json, (parsed, _) =>
        {
            var file = ConfigFile.Read(parsed.GetValue(options.Config), !parsed.GetValue(options.NoExpandEnv), screen);
            IReadOnlyList<DatabaseRow> rows =
                [.. file.Databases.Select(database => new DatabaseRow(ConfigFile.FullPath(database.Path), [.. database.Replicas.Select(replica => replica.Name)]))];
            if (parsed.GetValue(options.Json))
            {
                screen.Json(rows, ToolJson.Default.IReadOnlyListDatabaseRow);
            }
            else
            {
                screen.Table(["path", "replicas"], [.. rows.Select(row => (string[])[row.Path, string.Join(',', row.Replicas)])]);
            }

            return Task.FromResult(0);
        });
        return command;
    }
}

internal sealed record DatabaseRow(string Path, IReadOnlyList<string> Replicas);
