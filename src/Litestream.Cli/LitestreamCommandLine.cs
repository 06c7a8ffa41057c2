using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Litestream.Cli.Commands;
using Litestream.Cli.Output;

namespace Litestream.Cli;

/// <summary>The program: finds the command, runs it, and turns what goes wrong into a message and an exit code.</summary>
internal static class LitestreamCommandLine
{
    /// <summary>For everything that is not success, and for help, as Litestream has it.</summary>
    public const int Failure = 1;

    private const string Name = "litestream-net";

    public static async Task<int> RunAsync(string[] args, Screen screen)
    {
        args = args switch
        {
            [] or ["help", ..] => ["-h"],
            ["-version" or "--version", ..] => ["version"],
            // An empty value, which only Go can write this way.
            _ => [.. args.SelectMany(argument => argument is ['-', .. var name, '='] ? (string[])['-' + name, ""] : [argument])],
        };
        var parsed = Create(screen).Parse(args, new ParserConfiguration
        {
            // -config is a word, and a path may begin with @.
            EnablePosixBundling = false,
            ResponseFileTokenReplacer = null,
        });

        if (parsed.Action is HelpAction help)
        {
            help.Invoke(parsed);
            return Failure;
        }

        if (parsed.Errors.Count > 0)
        {
            screen.Fail(Explain(parsed), json: false);
            return Failure;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,

            // Signals cancel a command; replicate has a host that takes them.
            ProcessTerminationTimeout = parsed.CommandResult.Command.Name == ReplicateCommand.Name ? null : TimeSpan.FromMinutes(1),
        }).ConfigureAwait(false);
    }

    private static ToolException Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Name == Name)
        {
            var word = parsed.Tokens.Count > 0 ? parsed.Tokens[0].Value : "";
            return new ToolException($"{Name} {word}: unknown command", $"there are: {string.Join(", ", command.Subcommands.Select(one => one.Name))}");
        }

        var flag = parsed.Tokens.FirstOrDefault(token => token.Type == TokenType.Argument && token.Value is ['-', _, ..]);
        var message = flag is not null ? $"flag provided but not defined: {flag.Value}"
            : parsed.UnmatchedTokens.Count > 0 ? "too many arguments"
            : parsed.Errors[0].Message.TrimEnd('.');
        return new ToolException(message, $"{Name} {command.Name} -h shows its flags");
    }

    // Not a RootCommand, whose name is that of the file.
    private static Command Create(Screen screen)
    {
        var root = new Command(Name, "Replicates SQLite databases, looks into replicas and restores them, as Litestream v0.3.13 does.") { new HelpOption() };
        root.Subcommands.Add(DatabasesCommand.Create(screen));
        root.Subcommands.Add(DoctorCommand.Create(screen));
        root.Subcommands.Add(GenerationsCommand.Create(screen));
        root.Subcommands.Add(ReplicateCommand.Create(screen));
        root.Subcommands.Add(RestoreCommand.Create(screen));
        root.Subcommands.Add(SnapshotCommand.Create(screen));
        root.Subcommands.Add(SnapshotsCommand.Create(screen));
        root.Subcommands.Add(StatusCommand.Create(screen));
        root.Subcommands.Add(VerifyCommand.Create(screen));
        root.Subcommands.Add(VersionCommand.Create(screen));
        root.Subcommands.Add(WalCommand.Create(screen));
        return root;
    }
}
