using System.Globalization;

namespace Litestream.Compare;

/// <summary>What to compare, and how long.</summary>
internal sealed record Settings
{
    public const string AllSections = "abcdefgh";

    public const string Usage = """
        --litestream PATH   the real litestream v0.3.13; default: what npm ci in test/interop has brought
        --native PATH       benchmarks/Litestream.Compare.Native as a native executable; default: without it
        --sections LETTERS  a capture, b snapshot, c restore, d commits, e lag, f idle, g S3, h waiting requests; default: all
        --growth            instead: how the cost of each grows with its work (this library alone)
        --quick             everything once and small, to see that it works: its times mean nothing
        --rounds N          how often the programs take turns; default 3
        --folder PATH       where replicas to restore are made and kept for the next run; default: a temporary folder, removed
        --output PATH       a folder for results.md and results.json; default: artifacts/compare
        --prepare           only makes what --folder keeps
        """;

    /// <summary>The real litestream; null if there is none, and only this library is measured.</summary>
    public string? Litestream { get; private set; }

    /// <summary>The application that replicates and restores, compiled ahead of time; null if it is not measured.</summary>
    public string? Native { get; private set; }

    public string Sections { get; private set; } = AllSections;

    public bool Growth { get; private set; }

    public bool Quick { get; private set; }

    public bool PrepareOnly { get; private set; }

    public int Rounds { get; private set; } = 3;

    public string? Folder { get; private set; }

    public string Output { get; private set; } = "";

    /// <summary>Reads the command line.</summary>
    /// <returns>Null if it is not one.</returns>
    public static Settings? Parse(string[] args, string repository)
    {
        var settings = new Settings { Output = Path.Combine(repository, "artifacts", "compare"), Litestream = FindLitestream(repository) };
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--growth":
                    settings.Growth = true;
                    break;
                case "--quick":
                    settings.Quick = true;
                    settings.Rounds = 1;
                    break;
                case "--prepare":
                    settings.PrepareOnly = true;
                    break;
                case "--litestream" when i + 1 < args.Length:
                    settings.Litestream = args[++i] is "" ? null : Path.GetFullPath(args[i]);
                    break;
                case "--native" when i + 1 < args.Length:
                    settings.Native = Path.GetFullPath(args[++i]);
                    break;
                case "--sections" when i + 1 < args.Length && args[i + 1].All(AllSections.Contains):
                    settings.Sections = args[++i];
                    break;
                case "--rounds" when i + 1 < args.Length && int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var rounds) && rounds > 0:
                    settings.Rounds = rounds;
                    i++;
                    break;
                case "--folder" when i + 1 < args.Length:
                    settings.Folder = Path.GetFullPath(args[++i]);
                    break;
                case "--output" when i + 1 < args.Length:
                    settings.Output = Path.GetFullPath(args[++i]);
                    break;
                default:
                    return null;
            }
        }

        return settings;
    }

    // The program itself: what npm puts on the path is a script that starts it.
    private static string? FindLitestream(string repository)
    {
        var packages = Path.Combine(repository, "test", "interop", "node_modules", "@flydotio");
        return Directory.Exists(packages)
            ? Directory.EnumerateDirectories(packages, "litestream-*").Select(folder => Path.Combine(folder, "litestream")).FirstOrDefault(File.Exists)
            : null;
    }
}
