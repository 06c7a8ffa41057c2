using System.CommandLine;
using Litestream.Cli.Targets;

namespace Litestream.Cli.Commands;

/// <summary>Flags that commands share, in Go's spelling (<c>-config</c>) and everyone else's (<c>--config</c>).</summary>
internal sealed class CommonOptions
{
    public Option<string?> Config { get; } = Text("config", "The configuration file. Default: $LITESTREAM_CONFIG, else " + ConfigFile.DefaultPath, "PATH");

    public Option<bool> NoExpandEnv { get; } = Flag("no-expand-env", "Leave dollar signs in the configuration file alone.");

    public Option<string?> Replica { get; } = Text("replica", "Only this replica of the database.", "NAME");

    public Option<bool> Json { get; } = Flag("json", "Print JSON.");

    public Argument<string?> Target { get; } = new("DB|URL")
    {
        Description = "A database of the configuration file, or a replica: s3://bucket/path, file:///folder.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public TargetArguments TargetOf(ParseResult parsed) => new(
        parsed.GetValue(Target), parsed.GetValue(Config), !parsed.GetValue(NoExpandEnv), parsed.GetValue(Replica) is { Length: > 0 } name ? name : null);

    /// <summary>A flag with a value.</summary>
    public static Option<string?> Text(string name, string description, string value) =>
        new("-" + name, "--" + name) { Description = description, HelpName = value, Arity = ArgumentArity.ExactlyOne };

    /// <summary>A flag that is there or not; <c>-flag=false</c> is not, as in Go.</summary>
    public static Option<bool> Flag(string name, string description) => new("-" + name, "--" + name)
    {
        Description = description,
        CustomParser = result =>
        {
            switch (result.Tokens is [var token] ? token.Value : "true")
            {
                case "1" or "t" or "T" or "true" or "TRUE" or "True":
                    return true;
                case "0" or "f" or "F" or "false" or "FALSE" or "False":
                    return false;
                default:
                    result.AddError($"invalid boolean value \"{result.Tokens[0].Value}\" for -{name}");
                    return false;
            }
        },
    };
}
