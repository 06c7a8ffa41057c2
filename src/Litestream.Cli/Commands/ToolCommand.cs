using System.CommandLine;
using Litestream.Cli.Output;
using Microsoft.Extensions.Options;

namespace Litestream.Cli.Commands;

/// <summary>Runs a command's body and turns what it throws into a message and exit code 1.</summary>
internal static class ToolCommand
{
    public static void Run(this Command command, Screen screen, Option<bool> json, Func<ParseResult, CancellationToken, Task<int>> body) =>
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                return await body(parsed, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (Explain(exception, cancellationToken) is { } failure)
            {
                screen.Fail(failure, parsed.GetValue(json));
                return LitestreamCommandLine.Failure;
            }
        });

    // Anything else is a mistake of ours, and shows itself with its stack.
    private static ToolException? Explain(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        ToolException failure => failure,
        OperationCanceledException when cancellationToken.IsCancellationRequested => new("interrupted; nothing was left behind"),
        OptionsValidationException invalid => new(string.Join(Environment.NewLine, invalid.Failures), innerException: invalid),
        BackupNotFoundException nothing => new(
            $"no matching backups found: {nothing.Message}",
            "litestream-net generations, with the same database or URL, lists what there is",
            nothing),
        ReplicaCorruptedException corrupted => new(
            corrupted.Message, "an earlier -timestamp or -index may be sound; nothing was written", corrupted),
        ReplicaException unreadable => new(
            unreadable.Message, "check the URL, the credentials and the connection; litestream-net doctor tries out what the store can do", unreadable),
        LitestreamException other => new(other.Message, innerException: other),
        IOException or UnauthorizedAccessException or ArgumentException => new(exception.Message, innerException: exception),
        _ => null,
    };
}
