using System.Globalization;

namespace Litestream.Stress;

/// <summary>How many databases there are, and what happens to them.</summary>
internal sealed record TenantOptions
{
    public int Count { get; init; } = 1000;

    public int Active { get; init; } = 20;

    /// <summary>How long each phase is looked at.</summary>
    public TimeSpan Watched { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a database is added and removed.</summary>
    public int Churn { get; init; } = 1000;

    /// <summary>Where the databases are; null for a folder that goes away.</summary>
    public string? Folder { get; init; }

    public static TenantOptions Parse(string[] args)
    {
        var options = new TenantOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            options = args[i] switch
            {
                "--count" => options with { Count = int.Parse(value, CultureInfo.InvariantCulture) },
                "--active" => options with { Active = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Watched = TimeSpan.FromSeconds(int.Parse(value, CultureInfo.InvariantCulture)) },
                "--churn" => options with { Churn = int.Parse(value, CultureInfo.InvariantCulture) },
                "--folder" => options with { Folder = value },
                _ => throw new ArgumentException($"'{args[i]}' is none of --count, --active, --seconds, --churn, --folder."),
            };
        }

        return options;
    }
}
