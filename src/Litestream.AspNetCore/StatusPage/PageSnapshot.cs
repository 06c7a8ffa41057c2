namespace Litestream.AspNetCore.StatusPage;

/// <summary>A snapshot on a replica.</summary>
internal sealed record PageSnapshot(DateTimeOffset At, long Bytes);
