using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Litestream.Hosting;

/// <summary>Something that is not as it should be, and how bad that is.</summary>
internal readonly record struct HealthFinding(HealthStatus Status, string Text);
