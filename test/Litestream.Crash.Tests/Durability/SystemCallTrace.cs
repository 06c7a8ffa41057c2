using System.Globalization;
using System.Text.RegularExpressions;
using Litestream.Testing;

namespace Litestream.Crash.Durability;

/// <summary>An application of this solution under strace.</summary>
internal sealed partial class SystemCallTrace(string file, ChildProcess process) : IAsyncDisposable
{
    private const string Calls =
        "openat,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,pwrite64,writev,pwritev,ftruncate,"
        + "fallocate,copy_file_range,mkdir,mkdirat,rmdir";

    public ChildProcess Process => process;

    /// <param name="file">Where strace writes to.</param>
    /// <param name="bytes">How much of what is written is kept.</param>
    /// <param name="arguments">For the application.</param>
    public static SystemCallTrace Start(string file, int bytes, params string[] arguments)
    {
        // Some of these calls are not known to every processor: the question mark lets strace pass over them.
        var calls = string.Join(',', Calls.Split(',').Select(call => "?" + call));
        var command = ChildProcess.AppCommand("Litestream.TestApp", arguments);
        return new SystemCallTrace(file, ChildProcess.Start(
            "strace", ["-f", "--seccomp-bpf", "-qq", "-y", "-s", bytes.ToString(CultureInfo.InvariantCulture), "-e", $"trace={calls}", "-e", "signal=none", "-o", file, .. command]));
    }

    /// <summary>The calls that succeeded, in the order in which they returned. Call it when the program has ended.</summary>
    public async Task<IReadOnlyList<SystemCall>> ReadAsync()
    {
        var calls = new List<SystemCall>();
        var unfinished = new Dictionary<string, (string Name, string Arguments, int Line)>();
        var number = 0;
        await foreach (var line in File.ReadLinesAsync(file))
        {
            number++;
            if (Unfinished().Match(line) is { Success: true } begun)
            {
                unfinished[begun.Groups["thread"].Value] = (begun.Groups["name"].Value, begun.Groups["arguments"].Value, number);
            }
            else if (Resumed().Match(line) is { Success: true } resumed)
            {
                if (unfinished.Remove(resumed.Groups["thread"].Value, out var start) && Succeeded(resumed))
                {
                    calls.Add(new SystemCall(start.Name, start.Arguments + resumed.Groups["arguments"].Value, start.Line, number));
                }
            }
            else if (Whole().Match(line) is { Success: true } whole && Succeeded(whole))
            {
                calls.Add(new SystemCall(whole.Groups["name"].Value, whole.Groups["arguments"].Value, number, number));
            }
        }

        return calls;
    }

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static bool Succeeded(Match call) =>
        long.TryParse(call.Groups["result"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var result) && result >= 0;

    [GeneratedRegex(@"^(?<thread>\d+) +(?<name>\w+)\((?<arguments>.*) <unfinished \.\.\.>$")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"^(?<thread>\d+) +<\.\.\. \w+ resumed>(?<arguments>.*)\) += (?<result>-?\d+)")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^(?<thread>\d+) +(?<name>\w+)\((?<arguments>.*)\) += (?<result>-?\d+)")]
    private static partial Regex Whole();
}
