using System.Text.RegularExpressions;
using Litestream.Testing;

namespace Litestream.Hosting;

/// <summary>
/// Ids and names of log events stand in other people's alerts: LogEvents.txt holds every one there ever was. A new event
/// is a new line there; no line is changed or removed. Read from the source, so that no package is forgotten.
/// </summary>
public sealed partial class LogEventTests
{
    private static readonly string[] Golden = File.ReadAllLines(Repository.Combine("test", "Litestream.Hosting.Tests", "LogEvents.txt"));

    private static readonly IReadOnlyList<(string Package, string Id, string Name)> Events =
    [
        .. Directory.EnumerateFiles(Repository.Combine("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Message().Matches(File.ReadAllText(file))
                .Select(match => (PackageOf(file), match.Groups["id"].Value, match.Groups["name"].Value))),
    ];

    [Fact]
    public void No_event_has_changed_its_id_or_its_name_or_is_gone()
    {
        var now = Events.Select(Line).ToHashSet(StringComparer.Ordinal);

        Golden.Should().HaveCountGreaterThan(50).And.OnlyContain(line => now.Contains(line), "once released, an event keeps both");
    }

    [Fact]
    public void Every_event_is_on_the_list()
    {
        var missing = Events.Select(Line).Except(Golden).Order(StringComparer.Ordinal);

        string.Join('\n', missing).Should().BeEmpty("each of these lines belongs into LogEvents.txt");
    }

    [Fact]
    public void No_two_events_share_an_id_or_a_name_in_one_package()
    {
        Events.GroupBy(found => (found.Package, found.Id)).Where(group => group.Count() > 1).Should().BeEmpty();
        Events.GroupBy(found => (found.Package, found.Name)).Where(group => group.Count() > 1).Should().BeEmpty();
    }

    [Fact]
    public void Every_event_has_an_id_and_a_name()
    {
        var all = Directory.EnumerateFiles(Repository.Combine("src"), "*.cs", SearchOption.AllDirectories)
            .Sum(file => Attribute().Count(File.ReadAllText(file)));

        Events.Should().HaveCount(all);
    }

    private static string PackageOf(string file) => Path.GetRelativePath(Repository.Combine("src"), file).Split('/', '\\')[0];

    private static string Line((string Package, string Id, string Name) found) => $"{found.Id} {found.Name}";

    [GeneratedRegex(@"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(?<id>\d+)(?:(?!partial void).)*?EventName\s*=\s*(?:""|nameof\()(?<name>\w+)", RegexOptions.Singleline)]
    private static partial Regex Message();

    [GeneratedRegex(@"\[LoggerMessage\(")]
    private static partial Regex Attribute();
}
