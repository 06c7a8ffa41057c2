using System.Collections.Concurrent;
using System.Diagnostics;

namespace Litestream.Compare.Measuring;

/// <summary>A process that is measured from outside.</summary>
internal sealed class MeasuredProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly SemaphoreSlim _more = new(0);
    private bool _waited;

    private MeasuredProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
    }

    public int Id => _process.Id;

    /// <summary>When it was started, in ticks of the stopwatch.</summary>
    public long StartedAt { get; private init; }

    /// <summary>What it wrote, for messages.</summary>
    public string Output => string.Join('\n', _lines);

    public static MeasuredProcess Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var startedAt = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var measured = new MeasuredProcess(process) { StartedAt = startedAt };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return measured;
    }

    /// <summary>Starts this program again, as the application that is measured.</summary>
    public static MeasuredProcess StartWorker(params string[] arguments)
    {
        var (program, all) = WorkerCommand(arguments);
        return Start(program, all);
    }

    public static (string Program, string[] Arguments) WorkerCommand(params string[] arguments) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
            ? (Environment.ProcessPath!, [typeof(MeasuredProcess).Assembly.Location, "worker", .. arguments])
            : (Environment.ProcessPath!, ["worker", .. arguments]);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="folder">A folder whose largest size is to be known; null for none.</param>
    /// <returns>How long it took, from its start to its end, and what it cost.</returns>
    public static async Task<(double Seconds, Cost Cost)> RunAsync(string program, IEnumerable<string> arguments, string? folder = null)
    {
        var before = ProcFile.EndedChildrenSeconds();
        await using var process = Start(program, arguments);
        long memory = 0, disk = 0;
        using var ended = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            for (var i = 0; !ended.IsCancellationRequested; i++)
            {
                memory = Math.Max(memory, ProcFile.Status(process.Id, "VmHWM"));
                if (folder is not null && i % 5 == 0)
                {
                    disk = Math.Max(disk, ProcFile.FolderBytes(folder));
                }

                await Task.Delay(10, CancellationToken.None);
            }
        });
        await process._process.WaitForExitAsync();
        var seconds = Stopwatch.GetElapsedTime(process.StartedAt).TotalSeconds;
        await ended.CancelAsync();
        await watch;
        if (process._process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process._process.ExitCode}: {process.Output}");
        }

        process._waited = true;
        return (seconds, new Cost(ProcFile.EndedChildrenSeconds() - before, memory, folder is null ? null : disk));
    }

    public double ProcessorSeconds => ProcFile.ProcessorSeconds(Id);

    public long PeakMemory => ProcFile.Status(Id, "VmHWM");

    public bool HasExited => _process.HasExited;

    public void WriteLine(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
    }

    /// <summary>Waits for a line that it writes.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (true)
            {
                if (_lines.FirstOrDefault(condition) is { } line)
                {
                    return line;
                }

                if (_process.HasExited)
                {
                    _process.WaitForExit();
                    return _lines.FirstOrDefault(condition) ?? throw new InvalidOperationException($"A measured program ended too early: {Output}");
                }

                await _more.WaitAsync(TimeSpan.FromMilliseconds(100), patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"A measured program did not say what was waited for: {Output}");
        }
    }

    /// <summary>Ends it in an orderly way: by the end of its input if it is a worker, else by an interrupt.</summary>
    public async Task StopAsync(bool isWorker)
    {
        if (isWorker)
        {
            _process.StandardInput.Close();
        }
        else
        {
            ProcFile.Interrupt(Id);
        }

        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        _waited = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_waited && !_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _more.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
            try
            {
                _more.Release();
            }
            catch (ObjectDisposedException)
            {
                // Its last words.
            }
        }
    }
}
