using Litestream;
using Litestream.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Says of endpoints how they stand to replication: whether they wait for it, and for restores in place.</summary>
public static class LitestreamEndpointConventionBuilderExtensions
{
    /// <summary>
    /// Holds the response of a request to this endpoint, or to each of this group, that changed a database until its commits
    /// are on all replicas, at most for <see cref="RequireReplicationOptions.Timeout"/>. Requests that changed nothing are
    /// not held.
    /// </summary>
    /// <remarks>
    /// Goes around the whole endpoint, outside its filters and the writing of its result: what any of them commits counts,
    /// for minimal APIs, controllers, pages and plain delegates alike. A request during which somebody else committed counts
    /// as one that changed the database.
    /// </remarks>
    /// <typeparam name="TBuilder">What builds the endpoint.</typeparam>
    /// <param name="builder">What builds the endpoint.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    public static TBuilder RequireReplication<TBuilder>(this TBuilder builder, Action<RequireReplicationOptions>? configure = null)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = RequireReplicationOptions.Create(configure);
        builder.Add(endpoint =>
        {
            if (endpoint.RequestDelegate is not { } handler)
            {
                throw new InvalidOperationException($"The endpoint '{endpoint.DisplayName}' has nothing to run, so nothing to wait for.");
            }

            var gate = ReplicationGate.Create(endpoint.ApplicationServices, options);
            endpoint.RequestDelegate = context => gate.InvokeAsync(context, handler);
            if (options.Unreplicated == UnreplicatedResponse.ServiceUnavailable)
            {
                endpoint.Metadata.Add(new ProducesResponseTypeMetadata(
                    StatusCodes.Status503ServiceUnavailable, typeof(ProblemDetails), [ReplicationProblem.ContentType]));
            }
        });
        return builder;
    }

    /// <summary>
    /// Says that this endpoint, or each of this group, uses no database: <c>UseRequestPause</c> neither holds its requests off
    /// during a restore in place, nor waits for them. For health checks, and for streams that last.
    /// </summary>
    /// <typeparam name="TBuilder">What builds the endpoint.</typeparam>
    /// <param name="builder">What builds the endpoint.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder AllowDuringRestore<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => endpoint.Metadata.Add(new AllowedDuringRestore()));
        return builder;
    }
}
