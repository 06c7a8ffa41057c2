using System.Globalization;
using System.Text;
using System.Text.Json;
using Litestream.Compare.Programs;
using Litestream.Compare.Sections;

namespace Litestream.Compare.Measuring;

/// <summary>Writes the results as Markdown, which is also what is printed, and as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    public static string ToMarkdown(Results results, IReadOnlyDictionary<string, string> titles, IReadOnlyList<(string What, string Value)> machine)
    {
        var text = new StringBuilder();
        text.AppendLine("| machine | |").AppendLine("| --- | --- |");
        foreach (var (what, value) in machine)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {value} |");
        }

        foreach (var section in results.Samples.GroupBy(sample => sample.Section))
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {titles[section.Key]}").AppendLine();
            if (section.Key != GrowthSection.Name)
            {
                AppendTable(text, section);
            }

            foreach (var (_, note) in results.Notes.Where(note => note.Section == section.Key))
            {
                text.AppendLine().AppendLine(note);
            }
        }

        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, IGrouping<string, Sample> section)
    {
        var variants = Variant.Order.Where(variant => section.Any(sample => sample.Variant == variant)).ToList();
        var pairs = Variant.Pairs.Where(pair => variants.Contains(pair.Theirs) && variants.Contains(pair.Ours)).ToList();
        text.AppendLine(CultureInfo.InvariantCulture, $"| workload | measured | {string.Join(" | ", variants.Concat(pairs.Select(pair => $"ahead, {pair.Name}")))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"| --- | --- |{string.Concat(Enumerable.Repeat(" ---: |", variants.Count + pairs.Count))}");
        foreach (var row in section.GroupBy(sample => (sample.Case, sample.Metric, sample.Unit, sample.Better)))
        {
            var cells = variants.ToDictionary(variant => variant, variant => Spread.Of(row.Where(sample => sample.Variant == variant).Select(sample => sample.Value)));
            var ratios = pairs.Select(pair => Ratio(row.Key.Better, cells[pair.Theirs].Median, cells[pair.Ours].Median));
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {row.Key.Case} | {row.Key.Metric}{(row.Key.Unit.Length > 0 ? $", {row.Key.Unit}" : "")} | {string.Join(" | ", variants.Select(variant => cells[variant].ToString()).Concat(ratios))} |");
        }
    }

    public static string ToJson(Results results, IReadOnlyList<(string What, string Value)> machine, Settings settings) => JsonSerializer.Serialize(
        new
        {
            quick = settings.Quick,
            rounds = settings.Rounds,
            machine = machine.ToDictionary(line => line.What, line => line.Value),
            notes = results.Notes.Select(note => new { section = note.Section, text = note.Text }),
            samples = results.Samples.GroupBy(sample => sample with { Value = 0 }).Select(group => new
            {
                section = group.Key.Section,
                workload = group.Key.Case,
                metric = group.Key.Metric,
                unit = group.Key.Unit,
                better = group.Key.Better.ToString(),
                variant = group.Key.Variant,
                values = group.Select(sample => double.IsFinite(sample.Value) ? sample.Value : (double?)null),
            }),
        },
        Json);

    private static string Ratio(Better better, double theirs, double ours)
    {
        var ratio = better == Better.Lower ? theirs / ours : ours / theirs;
        return !double.IsFinite(ratio) ? "" : ratio >= 10 ? ratio.ToString("0x", CultureInfo.InvariantCulture) : ratio.ToString("0.00x", CultureInfo.InvariantCulture);
    }
}
