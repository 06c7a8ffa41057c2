using System.Text;
using System.Text.RegularExpressions;
using Litestream.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Litestream.Docs;

/// <summary>What the documentation shows is what the compiler and the library accept.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Documents() =>
        [.. AllDocuments().Where(document => Blocks(document, "csharp").Any())];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_code_block_is_compiled(string document)
    {
        var compiled = Directory.EnumerateFiles(Repository.Combine("test", "Litestream.Docs.Tests", "Examples"), "*.cs")
            .Select(file => Unindented(File.ReadAllText(file)))
            .ToList();

        foreach (var block in Blocks(document, "csharp"))
        {
            compiled.Should().Contain(source => source.Contains(Unindented(block)), "{0} shows\n{1}", document, block);
        }
    }

    [Fact]
    public void The_tests_that_are_named_as_proof_exist()
    {
        var sources = string.Join('\n', Directory.EnumerateFiles(Repository.Combine("test"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));

        var named = new[] { "TRUST.md", "SECURITY.md" }
            .SelectMany(document => TestName().Matches(File.ReadAllText(Repository.Combine("docs", document)))).Select(match => match.Groups["name"].Value).ToList();

        named.Should().NotBeEmpty().And.OnlyContain(name => sources.Contains($" {name}("));
    }

    [Fact]
    public void The_readme_shows_code() => Blocks("README.md", "csharp").Should().HaveCountGreaterThan(2);

    [Fact]
    public void The_configuration_in_the_readme_is_accepted()
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(Blocks("README.md", "json").Should().ContainSingle().Subject));
        var configuration = new ConfigurationBuilder().AddJsonStream(json).Build();
        using var services = new ServiceCollection()
            .AddLogging()
            .AddLitestream(configuration.GetSection("Litestream")).Services
            .BuildServiceProvider();

        var options = services.GetRequiredService<IOptions<LitestreamOptions>>().Value;

        options.Databases.Should().ContainKey("app").WhoseValue.Replicas.Should().ContainKey("folder");
    }

    [Fact]
    public void The_defaults_in_the_readme_are_the_real_ones()
    {
        var defaults = OptionRow().Matches(File.ReadAllText(Repository.Combine("README.md")))
            .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["default"].Value.Trim().Trim('`'));
        var host = new LitestreamOptions();
        var database = new DatabaseOptions();
        var replica = new ReplicaOptions();

        defaults.Should().Contain(new Dictionary<string, string>
        {
            ["ShutdownSyncTimeout"] = $"{host.ShutdownSyncTimeout.TotalSeconds} s",
            ["ReleaseOnStop"] = host.ReleaseOnStop ? "true" : "false",
            ["RestorePolicy"] = database.RestorePolicy.ToString(),
            ["MonitorInterval"] = $"{database.MonitorInterval.TotalMilliseconds} ms",
            ["CheckpointInterval"] = $"{database.CheckpointInterval.TotalMinutes} min",
            ["MinCheckpointPages"] = $"{database.MinCheckpointPages}",
            ["MaxCheckpointPages"] = database.MaxCheckpointPages.ToString("### ##0", System.Globalization.CultureInfo.InvariantCulture),
            ["BusyTimeout"] = $"{database.BusyTimeout.TotalSeconds} s",
            ["ShadowLimit"] = $"{database.ShadowLimit >> 30} GiB",
            ["SyncInterval"] = $"{replica.SyncInterval.TotalSeconds} s",
            ["Retention"] = $"{replica.Retention!.Value.TotalHours} h",
            ["RetentionCheckInterval"] = $"{replica.RetentionCheckInterval.TotalHours} h",
            ["ReplicaCheckInterval"] = $"{replica.ReplicaCheckInterval.TotalHours} h",
            ["SnapshotInterval"] = $"{replica.SnapshotInterval!.Value.TotalHours} h",
        });
    }

    [Fact]
    public void Every_option_is_in_the_readme()
    {
        var documented = OptionRow().Matches(File.ReadAllText(Repository.Combine("README.md"))).Select(match => match.Groups["name"].Value);

        var options = new[] { typeof(LitestreamOptions), typeof(DatabaseOptions), typeof(ReplicaOptions) }
            .SelectMany(type => type.GetProperties())
            .Select(property => property.Name)
            .Except(["Databases", "Replicas"]);

        options.Should().BeEquivalentTo(documented);
    }

    [Fact]
    public void Every_link_between_documents_leads_somewhere()
    {
        var documents = AllDocuments().Concat(["CONTRIBUTING.md", "CHANGELOG.md"]);

        var broken = documents.SelectMany(document => Link().Matches(WithoutCode(Read(document)))
            .Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !LeadsSomewhere(document, target))
            .Select(target => $"{document}: {target}"));

        broken.Should().BeEmpty();
    }

    [Fact]
    public void Every_document_is_found_from_the_readme()
    {
        HashSet<string> found = [];
        Queue<string> open = new(["README.md"]);
        while (open.TryDequeue(out var document))
        {
            if (found.Add(document))
            {
                var folder = Path.GetDirectoryName(document) ?? "";
                foreach (var target in Link().Matches(WithoutCode(Read(document))).Select(match => match.Groups[1].Value.Split('#')[0]))
                {
                    var path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Repository.Combine(folder, target))).Replace('\\', '/');
                    if (path.EndsWith(".md", StringComparison.Ordinal) && File.Exists(Repository.Combine(path)))
                    {
                        open.Enqueue(path);
                    }
                }
            }
        }

        AllDocuments().Where(document => document.StartsWith("docs/", StringComparison.Ordinal)).Should().BeSubsetOf(found);
    }

    [Theory]
    [InlineData("## What is set on a connection", "what-is-set-on-a-connection")]
    [InlineData("# The command line: litestream-net", "the-command-line-litestream-net")]
    [InlineData("### The rooms of `src/Litestream.Core`", "the-rooms-of-srclitestreamcore")]
    public void An_anchor_is_made_as_on_a_page(string heading, string anchor) => Anchors(heading).Should().Equal(anchor);

    private static bool LeadsSomewhere(string document, string target)
    {
        var parts = target.Split('#');
        var file = parts[0].Length == 0
            ? Repository.Combine(document.Split('/'))
            : Path.Combine(Path.GetDirectoryName(Repository.Combine(document.Split('/')))!, parts[0]);
        return (File.Exists(file) || Directory.Exists(file)) && (parts.Length == 1 || Anchors(File.ReadAllText(file)).Contains(parts[1]));
    }

    /// <summary>The names by which a page's headings are linked to.</summary>
    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(WithoutCode(text)).Select(match => string.Concat(
            match.Groups[1].Value.Trim().ToLowerInvariant()
                .Where(character => char.IsLetterOrDigit(character) || character is ' ' or '-' or '_')
                .Select(character => character == ' ' ? '-' : character)));

    private static string WithoutCode(string text) => AnyCodeBlock().Replace(text, "");

    private static string Read(string document) => File.ReadAllText(Repository.Combine(document.Split('/')));

    /// <summary>Everything that is for those who use the library.</summary>
    private static IEnumerable<string> AllDocuments() =>
        new[] { Repository.Combine("README.md") }
            .Concat(Directory.EnumerateFiles(Repository.Combine("docs"), "*.md"))
            .Concat(Directory.EnumerateDirectories(Repository.Combine("src")).Select(package => Path.Combine(package, "README.md")).Where(File.Exists))
            .Select(file => Path.GetRelativePath(Repository.Combine("."), file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Blocks(string document, string language) =>
        CodeBlock().Matches(File.ReadAllText(Repository.Combine(document.Split('/'))))
            .Where(match => match.Groups["language"].Value == language)
            .Select(match => match.Groups["code"].Value);

    private static string Unindented(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim())).Trim();

    [GeneratedRegex("^```(?<language>\\w+)\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<default>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex OptionRow();

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex AnyCodeBlock();

    [GeneratedRegex("^#{1,6} ([^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(([^)]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`(?<name>[A-Z][A-Za-z0-9]*_[A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
