using System.Globalization;

namespace Litestream.RestoreComparison;

internal sealed record Settings(string Litestream)
{
    public string? Scenario { get; private set; }

    public int Rounds { get; private set; } = 3;

    public int Scale { get; private set; } = 100;

    public string? Folder { get; private set; }

    public static Settings? Parse(string[] args)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            values[args[i]] = args[i + 1];
        }

        return args.Length % 2 != 0 || !values.TryGetValue("--litestream", out var litestream)
            ? null
            : new Settings(litestream)
            {
                Scenario = values.GetValueOrDefault("--scenario"),
                Rounds = Number(values, "--rounds", 3),
                Scale = Number(values, "--scale", 100),
                Folder = values.TryGetValue("--folder", out var folder) ? Path.GetFullPath(folder) : null,
            };
    }

    private static int Number(Dictionary<string, string> values, string name, int otherwise) =>
        values.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
