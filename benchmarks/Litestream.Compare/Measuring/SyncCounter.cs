using System.Globalization;

namespace Litestream.Compare.Measuring;

/// <summary>Counts by strace how often a process asks the disk to be up to date. Never in a run that is timed.</summary>
internal sealed class SyncCounter : IAsyncDisposable
{
    private readonly MeasuredProcess _strace;
    private readonly string _file;

    private SyncCounter(MeasuredProcess strace, string file)
    {
        _strace = strace;
        _file = file;
    }

    public static bool IsAvailable { get; } = File.Exists("/usr/bin/strace");

    /// <summary>Begins to count what a running process does.</summary>
    public static async Task<SyncCounter> AttachAsync(int pid, string file)
    {
        var strace = MeasuredProcess.Start("/usr/bin/strace", ["-f", "-e", "trace=fsync,fdatasync", "-o", file, "-p", pid.ToString(CultureInfo.InvariantCulture)]);
        await strace.WaitForLineAsync(line => line.Contains("attached", StringComparison.Ordinal));
        return new SyncCounter(strace, file);
    }

    /// <summary>Counts of a program from its start to its end.</summary>
    public static async Task<int> RunAsync(string program, IEnumerable<string> arguments, string file)
    {
        await MeasuredProcess.RunAsync("/usr/bin/strace", ["-f", "-e", "trace=fsync,fdatasync", "-o", file, program, .. arguments]);
        return Count(file);
    }

    public async Task<int> StopAsync()
    {
        await _strace.StopAsync(isWorker: false);
        return Count(_file);
    }

    public ValueTask DisposeAsync() => _strace.DisposeAsync();

    private static int Count(string file) =>
        File.ReadLines(file).Count(line => line.Contains("fsync(", StringComparison.Ordinal) || line.Contains("fdatasync(", StringComparison.Ordinal));
}
