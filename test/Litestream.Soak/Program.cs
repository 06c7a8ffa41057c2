using System.Globalization;
using Litestream.Soak;
using Litestream.Testing;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (SoakOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("""
        [--minutes N] [--report FILE] [--seed N] [--folder PATH]
            an application with four databases for so long (10 minutes), and a report in Markdown; exit code 1 if anything grew
            or differed. S3 too if S3_ENDPOINT and the rest name a server (docs/stores.md). --folder is emptied at the end.
        """);
    return 2;
}

if (!SqliteShell.IsAvailable)
{
    Console.Error.WriteLine("The sqlite3 command line is not installed.");
    return 2;
}

var result = await SoakRun.RunAsync(options);
var report = SoakReport.Of(result);
Console.WriteLine();
Console.WriteLine(report);
if (options.Report is not null)
{
    await File.WriteAllTextAsync(options.Report, report);
}

return result.Passed ? 0 : 1;
