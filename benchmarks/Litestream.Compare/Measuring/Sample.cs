namespace Litestream.Compare.Measuring;

/// <summary>One measured value.</summary>
/// <param name="Section">The section's letter.</param>
/// <param name="Case">The workload.</param>
/// <param name="Metric">What was measured.</param>
/// <param name="Unit">In what.</param>
/// <param name="Better">Which way is better.</param>
/// <param name="Variant">Of whom.</param>
/// <param name="Value">How much.</param>
internal sealed record Sample(string Section, string Case, string Metric, string Unit, Better Better, string Variant, double Value);
