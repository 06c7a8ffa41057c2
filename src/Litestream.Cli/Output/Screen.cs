using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace Litestream.Cli.Output;

/// <summary>
/// Where the program writes: results to standard output, everything else to standard error, so that a pipe gets results
/// only. Lines and tables are plain unless a terminal shows them.
/// </summary>
internal sealed class Screen
{
    private static readonly HashSet<string> Numeric = new(["index", "offset", "size", "lag"], StringComparer.Ordinal);

    // Guards itself.
    private readonly HashSet<string> _warned = new(StringComparer.Ordinal);
    private readonly TextWriter _out = Console.Out;
    private readonly TextWriter _err = Console.Error;
    private readonly IAnsiConsole _error = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>True if standard error is a terminal: progress bars, not lines.</summary>
    public bool ShowsProgress { get; } = !Console.IsErrorRedirected;

    /// <summary>The console for progress.</summary>
    public IAnsiConsole Error => _error;

    public void Line(string text) => _out.WriteLine(text);

    /// <summary>A remark beside the result.</summary>
    public void Note(string text) => _err.WriteLine(text);

    /// <summary>A warning; the same one only once, however often a file is read.</summary>
    public void Warn(string text)
    {
        lock (_warned)
        {
            if (!_warned.Add(text))
            {
                return;
            }
        }

        if (ShowsProgress)
        {
            _error.MarkupLineInterpolated($"[yellow]warning:[/] {text}");
        }
        else
        {
            Note($"warning: {text}");
        }
    }

    /// <summary>What went wrong, and what to do now.</summary>
    public void Fail(ToolException failure, bool json)
    {
        if (json)
        {
            var report = new FailureReport(failure.Message, failure.Next);
            _err.WriteLine(JsonSerializer.Serialize(report, ToolJson.Default.FailureReport));
            return;
        }

        if (ShowsProgress)
        {
            _error.MarkupLineInterpolated($"[red]error:[/] {failure.Message}");
        }
        else
        {
            Note($"error: {failure.Message}");
        }

        if (failure.Next is { } next)
        {
            Note($"next: {next}");
        }
    }

    public void Json<T>(T value, JsonTypeInfo<T> type) => Line(JsonSerializer.Serialize(value, type));

    /// <summary>A table, column by column as Litestream prints it; with rules and colours on a terminal.</summary>
    public void Table(IReadOnlyList<string> heading, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        if (!Console.IsOutputRedirected)
        {
            var table = new Table { Border = TableBorder.Simple };
            foreach (var name in heading)
            {
                var column = new TableColumn(new Text(name, new Style(decoration: Decoration.Bold))) { NoWrap = true };
                table.AddColumn(Numeric.Contains(name) ? column.RightAligned() : column);
            }

            foreach (var row in rows)
            {
                table.AddRow(row.Select(cell => new Text(cell)));
            }

            AnsiConsole.Write(table);
            return;
        }

        _out.Write(Plain(heading, rows));
    }

    /// <summary>Two spaces between columns; the last column of a row is not filled up.</summary>
    internal static string Plain(IReadOnlyList<string> heading, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var text = new StringBuilder();
        var widths = Enumerable.Range(0, heading.Count).Select(i => rows.Select(row => row[i].Length).Append(heading[i].Length).Max()).ToArray();
        foreach (var row in rows.Prepend(heading))
        {
            for (var i = 0; i < row.Count; i++)
            {
                text.Append(i < row.Count - 1 ? row[i].PadRight(widths[i] + 2) : row[i]);
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
