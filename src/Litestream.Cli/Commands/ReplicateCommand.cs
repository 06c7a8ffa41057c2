using System.CommandLine;
using Litestream.Cli.Output;
using Litestream.Cli.Service;
using Litestream.Cli.Targets;
using Litestream.Yaml;

namespace Litestream.Cli.Commands;

/// <summary><c>replicate</c>: the databases of the configuration file, or one that the command line names, until it is told to stop.</summary>
internal static class ReplicateCommand
{
    public const string Name = "replicate";

    public static Command Create(Screen screen)
    {
        var options = new CommonOptions();
        var exec = CommonOptions.Text("exec", "Run this program beside the replication, and end with it.", "CMD");
        var names = new Argument<string[]>("DB URL…")
        {
            Description = "A database and its replicas, instead of a configuration file.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command(Name, "Replicates databases until it is told to stop.") { options.Config, options.NoExpandEnv, exec, options.Json, names };
        command.Run(screen, options.Json, async (parsed, _) =>
        {
            var config = parsed.GetValue(options.Config);
            var words = parsed.GetValue(names) ?? [];
            Func<YamlFile> read = words.Length == 0
                ? () => ConfigFile.Read(config, !parsed.GetValue(options.NoExpandEnv), screen)
                : FromWords(words, config);
            return await ReplicationHost.RunAsync(read, parsed.GetValue(exec), parsed.GetValue(options.Json)).ConfigureAwait(false);
        });
        return command;
    }

    private static Func<YamlFile> FromWords(string[] words, string? config)
    {
        if (words.FirstOrDefault(word => word is ['-', ..]) is { } flag)
        {
            throw new ToolException($"flag provided but not defined: {flag}", "litestream-net replicate -h shows its flags");
        }

        if (!string.IsNullOrEmpty(config))
        {
            throw new ToolException("cannot specify a replica URL and the -config flag", "leave out one of them");
        }

        if (words.Length == 1)
        {
            throw new ToolException($"must specify at least one replica URL for {words[0]}", "write replicate DB URL, or replicate -config PATH for a configuration file");
        }

        var database = new YamlDatabase { Path = ConfigFile.FullPath(words[0]) };
        foreach (var url in words[1..])
        {
            if (!ReplicaUrlText.IsUrl(url))
            {
                throw new ToolException($"replica url scheme required: {url}", "write file:///full/path or s3://bucket/path");
            }

            var replica = new YamlReplica { Url = url };
            var same = database.Replicas.Count(other => other.Type == replica.Type);
            replica.GivenName = same == 0 ? replica.Type : $"{replica.Type}-{same + 1}";
            database.Replicas.Add(replica);
        }

        return () =>
        {
            var file = new YamlFile { Path = "the command line" };
            file.Logging.ToStandardError = true;
            file.Databases.Add(database);
            return file;
        };
    }
}
