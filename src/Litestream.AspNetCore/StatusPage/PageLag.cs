namespace Litestream.AspNetCore.StatusPage;

/// <summary>The answer of <c>lag</c>: how far the replicas of a database lagged over the last minutes.</summary>
internal sealed record PageLag(string Database, DateTimeOffset From, DateTimeOffset Until, IReadOnlyList<PageLagSeries> Replicas);
