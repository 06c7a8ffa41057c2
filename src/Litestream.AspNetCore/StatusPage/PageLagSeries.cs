namespace Litestream.AspNetCore.StatusPage;

/// <summary>The samples of one replica, oldest first.</summary>
internal sealed record PageLagSeries(string Replica, IReadOnlyList<LagSample> Samples);
