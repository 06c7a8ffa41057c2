using Litestream.Compare.Measuring;

namespace Litestream.Compare.Sections;

/// <summary>What came of a capture.</summary>
/// <param name="MiB">The WAL.</param>
/// <param name="Seconds">Until the replica held it; NaN if it never did.</param>
/// <param name="ShadowSeconds">Until the local copy held it; NaN if it was never seen to.</param>
/// <param name="Cost">What it cost the replicator.</param>
/// <param name="Syncs">How often it synced; null if not counted.</param>
internal sealed record CaptureOutcome(double MiB, double Seconds, double ShadowSeconds, Cost Cost, int? Syncs);
