using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Litestream.Cli.Service;

/// <summary>The program that runs beside the replication: it has our console, and gets the signal that ends us first.</summary>
internal sealed partial class ExecProgram : IDisposable
{
    public const int SignalInterrupt = 2;
    public const int SignalTerminate = 15;

    private readonly Process _process;

    private ExecProgram(Process process)
    {
        _process = process;
        Exit = WaitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Its exit code, once it has ended.</summary>
    public Task<int> Exit { get; }

    public bool WasAskedToEnd { get; private set; }

    /// <exception cref="ToolException">The command is empty or cannot be started.</exception>
    public static ExecProgram Start(string command)
    {
        var words = CommandWords.Split(command);
        if (words.Count == 0)
        {
            throw new ToolException("the command of -exec is empty", "write -exec 'program argument'");
        }

        try
        {
            var process = Process.Start(new ProcessStartInfo(words[0], words.Skip(1)) { UseShellExecute = false });
            return new ExecProgram(process!);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ToolException($"cannot start the program of -exec, '{words[0]}': {exception.Message}", innerException: exception);
        }
    }

    /// <summary>SIGTERM; where there are no signals, what closes its window, or its end.</summary>
    public void AskToEnd()
    {
        WasAskedToEnd = true;
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(_process.Id, SignalTerminate);
        }
        else if (!_process.CloseMainWindow())
        {
            _process.Kill(entireProcessTree: true);
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        return _process.ExitCode;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int process, int signal);
}
