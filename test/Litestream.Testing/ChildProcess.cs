using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Litestream.Testing;

/// <summary>
/// A program that a test runs beside itself. Its output is kept, every wait has an end, and it never outlives the test:
/// disposing kills it and what it started.
/// </summary>
public sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SignalTerminate = 15;
    private const int SignalKill = 9;
    private static readonly int SignalStop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int SignalContinue = OperatingSystem.IsMacOS() ? 19 : 18;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly BlockingCollection<string> _unread = [];
    private readonly Task _reading;

    private ChildProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError))
            .ContinueWith(_ => _unread.CompleteAdding(), TaskScheduler.Default);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>All lines of both outputs so far.</summary>
    public string Output => string.Join('\n', _output);

    public static ChildProcess Start(string fileName, params string[] arguments) =>
        Start(fileName, workingDirectory: "", environment: [], arguments);

    public static ChildProcess Start(
        string fileName, string workingDirectory, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(fileName)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{fileName} did not start."));
    }

    /// <summary>Starts an application of this solution, built beside the running tests.</summary>
    public static ChildProcess StartApp(string project, params string[] arguments) =>
        StartApp(project, workingDirectory: "", environment: [], arguments);

    public static ChildProcess StartApp(
        string project, string workingDirectory, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        var command = AppCommand(project, arguments);
        return Start(command[0], workingDirectory, environment, command[1..]);
    }

    /// <summary>The command line of such an application, the program first.</summary>
    public static string[] AppCommand(string project, params string[] arguments)
    {
        var folder = AppContext.BaseDirectory.TrimEnd('/', '\\');
        var selfContained = Path.Combine(folder, "..", project, OperatingSystem.IsWindows() ? project + ".exe" : project);
        if (File.Exists(selfContained))
        {
            return [Path.GetFullPath(selfContained), .. arguments]; // published beside the tests, for a system without an SDK
        }

        var configuration = Path.GetFileName(folder);
        var assembly = Repository.Combine("artifacts", "bin", project, configuration, project + ".dll");
        return [Environment.ProcessPath is { } host && IsDotnet(host) ? host : "dotnet", "exec", assembly, .. arguments];
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(TimeSpan timeout, string fileName, params string[] arguments)
    {
        await using var child = Start(fileName, arguments);
        var exitCode = await child.WaitForExitAsync(timeout);
        return (exitCode, child.Output);
    }

    /// <summary>Waits for the next line that <paramref name="match"/> accepts; the lines before it are passed over.</summary>
    public Task<string> WaitForLineAsync(Func<string, bool> match, TimeSpan timeout) => Task.Run(() =>
    {
        using var end = new CancellationTokenSource(timeout);
        try
        {
            foreach (var line in _unread.GetConsumingEnumerable(end.Token))
            {
                if (match(line))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The line did not come within {timeout}. Output so far:\n{Output}");
        }

        throw new InvalidOperationException($"The program ended before the line came. Its output:\n{Output}");
    });

    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using var end = new CancellationTokenSource(timeout);
        try
        {
            await _process.WaitForExitAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            throw new TimeoutException($"The program did not end within {timeout}. Its output:\n{Output}");
        }

        await _reading;
        return _process.ExitCode;
    }

    /// <summary>Sends a line to its input.</summary>
    public void WriteLine(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
        }
        catch (IOException e)
        {
            var ended = _process.WaitForExit(TimeSpan.FromSeconds(10)) ? $"ended with exit code {_process.ExitCode}" : "does not read its input";
            throw new InvalidOperationException($"The program {ended}. Its output:\n{Output}", e);
        }
    }

    /// <summary>Ends the input, which this solution's own programs take as the wish that they finish.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>
    /// Asks it to end, as service managers and containers do. Not SIGINT: a shell starts what runs in its background with
    /// that ignored, and every program started from there inherits it.
    /// </summary>
    public void Terminate() => Signal(SignalTerminate);

    /// <summary>kill -STOP: nothing of the program runs until <see cref="Resume"/>.</summary>
    public void Suspend() => Signal(SignalStop);

    /// <summary>kill -CONT: it goes on.</summary>
    public void Resume() => Signal(SignalContinue);

    /// <summary>kill -9: nothing of the program runs after this.</summary>
    public async Task KillAsync()
    {
        // At once: Process.Kill looks through all processes of the machine for children first.
        if (OperatingSystem.IsWindows() || KillNative(_process.Id, SignalKill) != 0)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // One that strace holds up would be dead only when the delay is over.
            using var tracer = Tracer();
            _process.Kill(entireProcessTree: true);
            tracer?.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
        _unread.Dispose();
    }

    private static bool IsDotnet(string path) => Path.GetFileNameWithoutExtension(path) == "dotnet";

    private Process? Tracer()
    {
        const string Name = "TracerPid:";
        var status = $"/proc/{_process.Id}/status";
        return File.Exists(status)
            && File.ReadLines(status).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } line
            && int.Parse(line[Name.Length..], CultureInfo.InvariantCulture) is var number and > 0
                ? Process.GetProcessById(number)
                : null;
    }

    private void Signal(int signal)
    {
        if (KillNative(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"kill({_process.Id}, {signal}): error {Marshal.GetLastPInvokeError()}"));
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _output.Enqueue(line);
            _unread.Add(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int KillNative(int process, int signal);
}
