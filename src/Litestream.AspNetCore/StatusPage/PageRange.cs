namespace Litestream.AspNetCore.StatusPage;

/// <summary>A stretch of time of which every moment can be restored.</summary>
internal sealed record PageRange(DateTimeOffset From, DateTimeOffset Until);
