using System.Diagnostics;
using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>One run of a program: what it printed on either output, and its exit code.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public static Task<ProgramRun> TheirsAsync(string folder, params string[] arguments) => StartAsync(folder, [RealLitestream.Find()!, .. arguments]);

    public static Task<ProgramRun> OursAsync(string folder, params string[] arguments) =>
        StartAsync(folder, ChildProcess.AppCommand("Litestream.Cli", arguments));

    private static async Task<ProgramRun> StartAsync(string folder, string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Not what the machine happens to have.
        start.Environment.Remove("LITESTREAM_CONFIG");
        start.Environment["TOOL_TEST_NAME"] = "app";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var end = new CancellationTokenSource(Timeout);
        try
        {
            await process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)} did not end within {Timeout}.");
        }

        return new ProgramRun(process.ExitCode, await output, await errors);
    }
}
