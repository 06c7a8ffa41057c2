using System.Globalization;
using Litestream.SideBySide;

var only = new List<string>();
string? output = null;
var seed = 1;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--only" when i + 1 < args.Length:
            only.AddRange(args[++i].Split(','));
            break;
        case "--seed" when i + 1 < args.Length:
            seed = int.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--markdown" when i + 1 < args.Length:
            output = args[++i];
            break;
        default:
            return Usage();
    }
}

IReadOnlyList<Ordeal> all = [.. LiveOrdeals.All, .. DamageOrdeals.All];
if (only.Any(id => all.All(ordeal => ordeal.Id != id)))
{
    return Usage();
}

if (RealLitestream.Find() is null)
{
    Console.Error.WriteLine("The real litestream is not installed: npm ci in test/interop, or LITESTREAM_BIN.");
    return 2;
}

var report = new Report();
await using var contest = new Contest(seed);
foreach (var ordeal in all.Where(ordeal => only.Count == 0 || only.Contains(ordeal.Id)))
{
    Console.WriteLine($"{ordeal.Id}: {ordeal.Title}");
    var row = await contest.RunAsync(ordeal);
    report.Add(row);
    Console.WriteLine(row);
}

Console.WriteLine();
Console.WriteLine(report.Table);
if (output is not null)
{
    await File.WriteAllTextAsync(output, report.Markdown);
}

return report.WeAreWrong ? 1 : 0;

int Usage()
{
    Console.Error.WriteLine($"""
        [--only ORDEAL,...] [--seed N] [--markdown FILE]
            the same ordeals for litestream v0.3.13 and for this library; exit code 1 if this library restores wrong
        ordeals: {string.Join(", ", LiveOrdeals.All.Concat(DamageOrdeals.All).Select(ordeal => ordeal.Id))}
        """);
    return 2;
}
