using System.Diagnostics.CodeAnalysis;
using Litestream;
using Litestream.AspNetCore.StatusPage;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the status page to an application.</summary>
public static class LitestreamEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps a page that shows how replication stands, and its JSON at <c>status</c> below it. From it people choose a moment to
    /// restore: they get the command, a restored copy, or if <see cref="LitestreamPageOptions.AllowRestoreInPlace"/> is set, the
    /// database back in place.
    /// </summary>
    /// <remarks>
    /// It is for operators only. <c>RequireAuthorization</c> has to be called on what is returned, or on a group around it, or
    /// the application needs a fallback policy; or <c>AllowAnonymous</c> has to say that everybody may see it. Otherwise the
    /// application does not start; mapped on a group or within <c>UseEndpoints</c>, it stops right after its start. Nothing is
    /// ever served.
    /// </remarks>
    /// <param name="endpoints">The application, or a group of it.</param>
    /// <param name="pattern">Where the page lies.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>What the page and all that belongs to it are built with.</returns>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="InvalidOperationException"><c>AddLitestream</c> was not called.</exception>
    public static IEndpointConventionBuilder MapLitestream(
        this IEndpointRouteBuilder endpoints,
        [StringSyntax("Route")] string pattern = "/litestream",
        Action<LitestreamPageOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = LitestreamPageOptions.Create(configure);
        var page = PageEndpoints.Create(endpoints.ServiceProvider, options);
        return page.Map(endpoints, pattern);
    }
}
