namespace Litestream.Soak;

/// <summary>What one cycle came to.</summary>
/// <param name="Values">For each measure its median, or its largest value.</param>
/// <param name="ByPhase">Median and largest value of each measure in each phase.</param>
internal sealed record CycleSummary(
    IReadOnlyDictionary<Measure, double> Values,
    IReadOnlyDictionary<(Measure Measure, Phase Phase), (double Median, double Largest)> ByPhase);
