using Litestream;
using Litestream.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the waiting for replicas, and for restores in place, to an application's pipeline.</summary>
public static class LitestreamApplicationBuilderExtensions
{
    /// <summary>
    /// Holds the response of every request behind this middleware that changed a database until its commits are on all
    /// replicas, at most for <see cref="RequireReplicationOptions.Timeout"/>. Requests that changed nothing are not held.
    /// </summary>
    /// <remarks>
    /// A commit counts if it is made between this middleware and the response's first byte, or before the request's end; so
    /// it stands before whatever writes to the database. A request during which somebody else committed counts as one that
    /// changed it. An endpoint's own <c>RequireReplication</c> then only changes the options.
    /// </remarks>
    /// <param name="app">The application's pipeline.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns>The pipeline.</returns>
    /// <exception cref="ArgumentException">An option makes no sense.</exception>
    /// <exception cref="InvalidOperationException"><c>AddLitestream</c> was not called.</exception>
    public static IApplicationBuilder RequireReplication(this IApplicationBuilder app, Action<RequireReplicationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var gate = ReplicationGate.Create(app.ApplicationServices, RequireReplicationOptions.Create(configure));
        return app.Use(next => context => gate.InvokeAsync(context, next));
    }

    /// <summary>
    /// While a database is restored in place, answers every request behind this middleware with a 503 and <c>Retry-After</c>;
    /// and counts those at work, so that the restore waits for them. It stands before whatever uses a database.
    /// </summary>
    /// <remarks>
    /// The page of <c>MapLitestream</c> and endpoints with <c>AllowDuringRestore</c> go through. Nothing but a request is held off:
    /// background work is the application's own.
    /// </remarks>
    /// <param name="app">The application's pipeline.</param>
    /// <param name="pause">What holds them off; the same as in <see cref="LitestreamPageOptions.Pause"/>, or around a restore of the application's own.</param>
    /// <returns>The pipeline.</returns>
    public static IApplicationBuilder UseRequestPause(this IApplicationBuilder app, RequestPause pause)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentNullException.ThrowIfNull(pause);
        return app.Use(next => context => pause.InvokeAsync(context, next));
    }
}
