using System.Text.RegularExpressions;
using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Interop;

/// <summary>
/// The command behind the table of docs/TRUST.md, with the ordeals that take little time and no luck: it runs, and this
/// library still restores right or refuses where the table says so.
/// </summary>
public sealed partial class SideBySideTests(ITestOutputHelper log)
{
    [LitestreamFact]
    public async Task This_library_restores_right_or_refuses_what_is_damaged()
    {
        var command = ChildProcess.AppCommand(
            "Litestream.SideBySide", "--only", "nothing,missing-middle,duplicated-middle,broken-frame,lost-tail,cut-object,missing-index");

        var (exitCode, output) = await ChildProcess.RunAsync(TimeSpan.FromMinutes(4), command[0], command[1..]);

        log.WriteLine(output);
        exitCode.Should().Be(0, output);
        var rows = Rows().Matches(output).ToDictionary(row => row.Groups["id"].Value, row => row.Groups["ours"].Value);
        rows.Should().Equal(new Dictionary<string, string>
        {
            ["nothing"] = "restores right",
            ["missing-middle"] = "refuses",
            ["duplicated-middle"] = "refuses",
            ["broken-frame"] = "refuses",
            ["lost-tail"] = "refuses",
            ["cut-object"] = "refuses",
            ["missing-index"] = "refuses",
        });
    }

    [GeneratedRegex(@"^(?<id>[a-z-]+): .*\n  litestream +.*\n  ours +(?<ours>[^(]+) \(", RegexOptions.Multiline)]
    private static partial Regex Rows();
}
