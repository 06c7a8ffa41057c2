using System.Globalization;

namespace Litestream.LoadTest;

/// <summary>How long to measure.</summary>
/// <param name="Seconds">For each of the measurements, all rounds together.</param>
/// <param name="Rounds">How often on and off take turns, so that what the machine does meanwhile hits both.</param>
/// <param name="Clients">How many clients wait at the same time.</param>
internal sealed record LoadOptions(double Seconds, int Rounds, int Clients)
{
    private const double MostSeconds = 600;

    public static LoadOptions Default { get; } = new(Seconds: 9, Rounds: 3, Clients: 100);

    /// <summary>One short turn of everything, to see that it works.</summary>
    public static LoadOptions Dry { get; } = new(Seconds: 0.3, Rounds: 1, Clients: 20);

    public TimeSpan Round => TimeSpan.FromSeconds(Seconds / Rounds);

    /// <summary>Reads the command line.</summary>
    /// <returns>Null if it is not one.</returns>
    public static LoadOptions? Parse(string[] args) => args switch
    {
        [] => Default,
        ["--dry"] => Dry,
        ["--seconds", var text] when double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= MostSeconds =>
            Default with { Seconds = seconds },
        _ => null,
    };
}
