using Microsoft.AspNetCore.Http;

namespace Litestream.AspNetCore;

/// <summary>A request that is at work.</summary>
/// <param name="database">The database that it uses; null if it may use any.</param>
/// <param name="context">The request.</param>
internal sealed class RequestFlight(string? database, HttpContext context)
{
    public string? Database { get; } = database;

    /// <summary>The endpoint, not the path: that may hold what is nobody's business.</summary>
    public string Name { get; } = context.GetEndpoint()?.DisplayName ?? $"{context.Request.Method} without an endpoint";

    public bool Uses(string paused) => Database is null || Database == paused;
}
