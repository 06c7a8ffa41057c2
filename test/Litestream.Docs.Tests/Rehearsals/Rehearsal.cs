using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Docs.Rehearsals;

/// <summary>Carries out the steps of a document in a folder of its own, in one shell, and holds the output against the document.</summary>
internal sealed partial class Rehearsal(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(9);

    /// <summary>
    /// What the shell knows besides: how to wait for a line of the program in the background, and how to end that. Job
    /// control gives it a process group, which gets the signal as from Ctrl+C.
    /// </summary>
    private const string Prelude = """
        set -euo pipefail
        exec 2>&1
        group=
        started() { group=$!; set +m; }
        wait_for() { # wait_for PATTERN [FILE]
            for _ in $(seq 1800); do
                grep -qE -- "$1" "${2:-$WORK/background.log}" 2>/dev/null && return 0
                sleep 0.1
            done
            echo "'$1' does not appear"; cat "${2:-$WORK/background.log}"; return 1
        }
        eventually() { # eventually COMMAND...
            for _ in $(seq 600); do
                "$@" >/dev/null 2>&1 && return 0
                sleep 0.2
            done
            echo "never: $*"; "$@"
        }
        stop_background() { # stop_background SIGNAL
            kill "-$1" -- "-$group"; wait "$group" || true; group=
        }
        end() {
            code=$?
            if [ -n "$group" ]; then kill -KILL -- "-$group" || true; fi
            if [ -x "$WORK/bin/systemctl" ]; then "$WORK/bin/systemctl" kill orders || true; fi
            if [ $code != 0 ] && [ -e "$WORK/background.log" ]; then cat "$WORK/background.log"; fi
            exit $code
        }
        trap end EXIT
        export PATH="$WORK/bin:$PATH"
        mkdir -p "$WORK/home"
        cd "$WORK/home"

        """;

    private readonly TempDirectory _directory = new();

    /// <summary>Adds a program under a name that the document uses.</summary>
    public void AddCommand(string name, string script)
    {
        Directory.CreateDirectory(_directory.File("bin"));
        var file = Path.Combine(_directory.File("bin"), name);
        File.WriteAllText(file, "#!/usr/bin/env bash\n" + script.ReplaceLineEndings("\n") + "\n");
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("A rehearsal needs a Unix shell.");
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public async Task RunAsync(IReadOnlyList<Step> steps, params (string Name, string Value)[] environment)
    {
        var script = Script(steps);
        var file = _directory.File("steps.sh");
        await File.WriteAllTextAsync(file, script);
        Dictionary<string, string> variables = new() { ["WORK"] = _directory.Path, ["PORT"] = FreePort().ToString(CultureInfo.InvariantCulture) };
        foreach (var (name, value) in environment)
        {
            variables[name] = value;
        }

        await using var shell = ChildProcess.Start("bash", _directory.Path, variables, file);
        var exitCode = await shell.WaitForExitAsync(Timeout);

        output.WriteLine(shell.Output);
        exitCode.Should().Be(0, "every step has to go as the document says; the shell's output:\n{0}\nthe script:\n{1}", shell.Output, script);
        var outputs = Marker().Split(shell.Output);
        for (var i = 0; i < steps.Count; i++)
        {
            Compare(steps[i], outputs[i], shell.Output);
        }
    }

    public void Dispose() => _directory.Dispose();

    private static string Script(IReadOnlyList<Step> steps)
    {
        var script = new StringBuilder(Prelude.ReplaceLineEndings("\n"));
        foreach (var step in steps)
        {
            // The port and the bucket of the documents stand for some that are free here.
            var text = Bucket.Name(step.Text).Replace("localhost:5000", "localhost:$PORT", StringComparison.Ordinal);
            script.Append(step.Kind switch
            {
                StepKind.Succeeds => text,
                StepKind.Fails => $"set +e\n( set -e\n{text})\ncode=$?\nset -e\n[ $code != 0 ] || {{ echo 'this was to fail'; exit 1; }}\n",
                StepKind.Background => $"set -m\n( {text}) > \"$WORK/background.log\" 2>&1 &\nstarted\n",
                _ => $"mkdir -p \"$(dirname '{step.File}')\"\ncat > '{step.File}' <<'END OF FILE'\n{step.Text}END OF FILE\n",
            });
            script.Append("echo; echo '<<end of step>>'\n");
        }

        return script.ToString();
    }

    private static void Compare(Step step, string printed, string all)
    {
        var position = 0;
        foreach (var line in step.Output)
        {
            var pattern = string.Join(".*", line.Split('…').Select(part => Spaces().Replace(Regex.Escape(part.Trim()), "\\s+")));
            var match = new Regex(pattern).Match(printed, position);
            match.Success.Should().BeTrue("the document shows the line\n{0}\nof\n{1}\nand what was printed is\n{2}\nin all:\n{3}", line, step.Text, printed, all);
            position = match.Index + match.Length;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [GeneratedRegex("^<<end of step>>$", RegexOptions.Multiline)]
    private static partial Regex Marker();

    [GeneratedRegex(@"(\\ )+")]
    private static partial Regex Spaces();
}
