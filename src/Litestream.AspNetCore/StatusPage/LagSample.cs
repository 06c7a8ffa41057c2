namespace Litestream.AspNetCore.StatusPage;

/// <summary>The lag of a replica at one moment; null where there was none to tell.</summary>
internal readonly record struct LagSample(DateTimeOffset At, double? Seconds);
