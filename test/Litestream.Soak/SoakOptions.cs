using System.Globalization;

namespace Litestream.Soak;

/// <summary>What the command line says.</summary>
internal sealed record SoakOptions
{
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Where the report goes; null: to the terminal only.</summary>
    public string? Report { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Where the databases and folder replicas live; null for a temporary folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Null if the command line is not understood.</summary>
    public static SoakOptions? Parse(string[] args)
    {
        var options = new SoakOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                return null;
            }

            switch (args[i])
            {
                case "--minutes" when double.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var minutes) && minutes is > 0 and <= 10_000:
                    options = options with { Duration = TimeSpan.FromMinutes(minutes) };
                    break;
                case "--report":
                    options = options with { Report = args[i + 1] };
                    break;
                case "--seed" when int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var seed):
                    options = options with { Seed = seed };
                    break;
                case "--folder":
                    options = options with { Folder = args[i + 1] };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
