using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Hosting;

/// <summary>docs/telemetry.md says what the code does.</summary>
public sealed partial class TelemetryDocumentTests
{
    private static readonly string Document = File.ReadAllText(Repository.Combine("docs", "telemetry.md"));

    [Fact]
    public void The_table_of_instruments_is_the_meter()
    {
        var published = new List<string>();
        using var factory = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new LitestreamMetrics(factory.GetRequiredService<IMeterFactory>());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == LitestreamDiagnostics.MeterName && instrument.Meter.Scope == factory.GetRequiredService<IMeterFactory>())
                {
                    published.Add($"{instrument.Name} | {Kind(instrument)} | {instrument.Unit} | {instrument.Description}");
                }
            },
        };

        listener.Start();

        published.Should().BeEquivalentTo(InstrumentRow().Matches(Document)
            .Select(match => $"{match.Groups["name"].Value} | {match.Groups["kind"].Value} | {match.Groups["unit"].Value} | {match.Groups["text"].Value}"));
    }

    [Fact]
    public void The_values_of_attributes_are_those_of_the_code()
    {
        Values("litestream.generation.reason").Should().BeEquivalentTo(Enum.GetValues<GenerationReason>().Select(AttributeText.Of));
        Values("litestream.checkpoint.outcome").Should().BeEquivalentTo(Enum.GetValues<CheckpointOutcome>().Select(AttributeText.Of));
    }

    [Fact]
    public void The_code_that_it_shows_compiles()
    {
        var source = File.ReadAllText(Repository.Combine("test", "Litestream.Hosting.Tests", "TelemetryDocumentTests.cs"));

        foreach (Match block in CodeBlock().Matches(Document))
        {
            Unindented(source).Should().Contain(Unindented(block.Groups[1].Value));
        }
    }

    /// <summary>What the document shows.</summary>
    internal static void Export(WebApplicationBuilder builder)
    {
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(LitestreamDiagnostics.MeterName))
            .WithTracing(tracing => tracing.AddSource(LitestreamDiagnostics.ActivitySourceName));
    }

    internal static void Check(WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddLitestream();
    }

    internal static void Listen(ILitestream litestream)
    {
        litestream.StateChanged += (_, change) =>
        {
            if (change.State == ReplicationState.Faulted)
            {
                Alert($"{change.DatabaseName}/{change.ReplicaName}: {change.LastError}");
            }
        };

        static void Alert(string text) => Console.WriteLine(text);
    }

    private static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0] switch
    {
        "Counter" => "counter",
        "Histogram" => "histogram",
        "ObservableGauge" => "observable gauge",
        "ObservableUpDownCounter" => "observable up-down counter",
        var other => other,
    };

    private static IEnumerable<string> Values(string attribute) =>
        Word().Matches(Document.Split('\n').Single(line => line.StartsWith($"| `{attribute}` |", StringComparison.Ordinal)))
            .Select(match => match.Groups[1].Value)
            .Where(word => !word.Contains('.', StringComparison.Ordinal));

    private static string Unindented(string code) => string.Join('\n', code.Split('\n').Select(line => line.Trim())).Trim();

    [GeneratedRegex(@"^\| (?<names>`(?<name>litestream\.[a-z.]+)`(, )?)+ \| (?<kind>[a-z -]+) \| `(?<unit>[^`]+)` \| [^|]*\| (?<text>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex InstrumentRow();

    [GeneratedRegex("`([a-z_.]+)`")]
    private static partial Regex Word();

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
