using System.CommandLine;
using System.Reflection;
using Litestream.Cli.Output;

namespace Litestream.Cli.Commands;

/// <summary><c>version</c>: of this program.</summary>
internal static class VersionCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("version", "Prints the version.");
        var json = CommonOptions.Flag("json", "Print JSON.");
        command.Options.Add(json);
        command.Arguments.Add(new Argument<string[]>("ignored") { Arity = ArgumentArity.ZeroOrMore, Hidden = true });
        command.SetAction(parsed =>
        {
            var version = "v" + Version();
            if (parsed.GetValue(json))
            {
                screen.Json(new VersionReport(version), ToolJson.Default.VersionReport);
            }
            else
            {
                screen.Line(version);
            }

            return 0;
        });
        return command;
    }

    // Without the commit that a build appends.
    private static string Version() =>
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}

internal sealed record VersionReport(string Version);
