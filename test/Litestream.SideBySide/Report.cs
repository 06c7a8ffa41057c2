namespace Litestream.SideBySide;

/// <summary>The table, for a terminal and for docs/TRUST.md.</summary>
internal sealed class Report
{
    private static readonly string[] Heading = ["ordeal", "litestream v0.3.13", "this library", "this library, given litestream's replica"];

    private readonly List<Row> _rows = [];

    public void Add(Row row) => _rows.Add(row);

    /// <summary>A restore of ours gave what never was, or less than it has to and did not say so.</summary>
    public bool WeAreWrong => _rows.Any(row => row.Ours.Any(verdict => verdict.Outcome is Outcome.Wrong or Outcome.Older));

    public string Table
    {
        get
        {
            var cells = _rows.Select(Cells).Prepend(Heading).ToList();
            var widths = Enumerable.Range(0, Heading.Length).Select(column => cells.Max(row => row[column].Length)).ToList();
            return string.Join(Environment.NewLine, cells.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
        }
    }

    public string Markdown => string.Join('\n',
    [
        MarkdownRow(Heading),
        MarkdownRow(Heading.Select(_ => "---")),
        .. _rows.Select(row => MarkdownRow(Cells(row).Select(cell => cell.Contains("exit 0", StringComparison.Ordinal) ? $"**{cell}**" : cell))),
        "",
        "What happens in each:",
        "",
        .. _rows.Select(row => $"- **{row.Ordeal.Title}** (`--only {row.Ordeal.Id}`): {row.Ordeal.Story}"),
        "",
    ]);

    private static string MarkdownRow(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";

    private static string[] Cells(Row row) =>
        [row.Ordeal.Title, Row.Summary(row.Litestream), Row.Summary(row.Ours), Row.Summary(row.OursOnLitestream)];
}
