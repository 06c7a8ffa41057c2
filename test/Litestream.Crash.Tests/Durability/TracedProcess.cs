using System.Diagnostics;
using System.Globalization;
using Litestream.Testing;

namespace Litestream.Crash.Durability;

/// <summary>A process under strace, which holds up some of its system calls, so that it can be killed right there.</summary>
internal static class TracedProcess
{
    /// <summary>What comes before the command line of the program.</summary>
    /// <param name="calls">The system calls, as strace names them.</param>
    /// <param name="action">What becomes of them, as in <c>delay_exit=600s</c>.</param>
    /// <param name="paths">The files they are about, whether they are there or not; none for any.</param>
    /// <remarks>-D: what is traced, and not strace, is the process that is killed.</remarks>
    public static string[] Behind(string calls, string action, params string[] paths) =>
    [
        "strace", "-D", "-f", "--seccomp-bpf", "-qq", .. paths.SelectMany(path => new[] { "-P", path }),
        "-e", $"trace={calls}", "-e", $"inject={calls}:{action}", "-e", "signal=none", "-o", "/dev/null",
    ];

    /// <summary>kill -9 of a process that strace holds.</summary>
    /// <param name="process">The number of the process.</param>
    /// <param name="kill">Kills it.</param>
    public static async Task KillAsync(int process, Func<Task> kill)
    {
        const string Tracer = "TracerPid:";
        var line = (await File.ReadAllLinesAsync($"/proc/{process}/status")).Single(line => line.StartsWith(Tracer, StringComparison.Ordinal));
        using var strace = Process.GetProcessById(int.Parse(line[Tracer.Length..], CultureInfo.InvariantCulture));

        // In this order: without its tracer the process would go on. With it, it would be dead only when the delay is over.
        var killed = kill();
        strace.Kill();
        await killed;
    }

    /// <summary>Waits until it has got there, by what can be seen of it.</summary>
    public static async Task UntilAsync(Func<bool> reached, Func<string> output, string because)
    {
        var patience = Stopwatch.StartNew();
        while (!reached())
        {
            patience.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(3), "{0}: {1}", because, output());
            await Task.Delay(5);
        }
    }

    /// <summary>The same for a child.</summary>
    public static Task KillAsync(ChildProcess process) => KillAsync(process.Id, process.KillAsync);
}
