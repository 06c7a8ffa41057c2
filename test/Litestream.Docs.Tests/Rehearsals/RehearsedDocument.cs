using System.Text.RegularExpressions;
using Litestream.Testing;

namespace Litestream.Docs.Rehearsals;

/// <summary>
/// A document whose blocks are carried out in order. <c>```sh</c> are commands that succeed, <c>```sh fails</c> ones that do
/// not, <c>```sh background</c> a program that goes on, <c>```sh manual</c> what cannot be done here; <c>```yaml file=NAME</c>
/// is written to that file; a <c>```text</c> right behind commands is what they print, with <c>…</c> for anything. What the
/// reader does by other means, such as Ctrl+C, stands in a comment that a page does not show: <c>&lt;!-- sh … --&gt;</c>.
/// </summary>
internal sealed partial class RehearsedDocument
{
    private readonly List<(string Title, List<Step> Steps)> _sections = [("", [])];

    public RehearsedDocument(string name)
    {
        foreach (Match match in Part().Matches(File.ReadAllText(Repository.Combine("docs", name))))
        {
            if (match.Groups["title"].Success)
            {
                _sections.Add((match.Groups["title"].Value.Trim(), []));
            }
            else if (match.Groups["hidden"].Success)
            {
                Steps.Add(new Step(StepKind.Succeeds, match.Groups["hidden"].Value, "", []));
            }
            else
            {
                Add(match.Groups["language"].Value, match.Groups["mode"].Value.Trim(), match.Groups["code"].Value, match.Groups["output"]);
            }
        }
    }

    /// <summary>The titles of the sections that have something to carry out.</summary>
    public IEnumerable<string> Sections => _sections.Skip(1).Where(section => section.Steps.Count > 0).Select(section => section.Title);

    private List<Step> Steps => _sections[^1].Steps;

    public IReadOnlyList<Step> All => [.. _sections.SelectMany(section => section.Steps)];

    /// <summary>What comes before the first section, and the section.</summary>
    public IReadOnlyList<Step> Section(string title) => [.. _sections[0].Steps, .. _sections.Single(section => section.Title == title).Steps];

    private void Add(string language, string mode, string code, Group output)
    {
        if (mode.StartsWith("file=", StringComparison.Ordinal))
        {
            Steps.Add(new Step(StepKind.File, code, mode["file=".Length..], []));
        }
        else if (language == "sh" && mode != "manual")
        {
            var kind = mode switch
            {
                "" => StepKind.Succeeds,
                "fails" => StepKind.Fails,
                "background" => StepKind.Background,
                _ => throw new InvalidOperationException($"```sh {mode} is none of the modes."),
            };
            var expected = output.Success ? output.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
            Steps.Add(new Step(kind, code, "", expected));
        }
    }

    [GeneratedRegex(
        "^## (?<title>[^\n]*)$|^<!-- sh\n(?<hidden>.*?)^-->$|^```(?<language>\\w+)(?<mode>[^\n]*)\n(?<code>.*?)^```$(?:\n+```text\n(?<output>.*?)^```$)?",
        RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Part();
}
