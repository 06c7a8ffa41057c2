using Litestream.AspNetCore.Diagnostics;
using Litestream.AspNetCore.StatusPage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.AspNetCore;

/// <summary>
/// What a request goes through: the databases' commit sequences are read on the way in, and before the response's first
/// byte on the way out. Thread-safe.
/// </summary>
internal sealed class ReplicationGate(ILitestream litestream, RequireReplicationOptions options, TimeProvider timeProvider, ILogger logger)
{
    private bool _failing;

    public TimeProvider TimeProvider { get; } = timeProvider;

    /// <summary>Whether it is all databases that count: then those too that are added while a request runs.</summary>
    public bool IncludesAdded => options.Databases.Count == 0;

    /// <summary>Those whose changes count, as they are now; the same object until one of them comes or goes.</summary>
    public IReadOnlyList<ILitestreamDatabase> Databases() =>
        options.Databases.Count == 0 ? litestream.Databases : [.. options.Databases.Select(litestream.GetDatabase)];

    /// <exception cref="InvalidOperationException"><c>AddLitestream</c> was not called.</exception>
    public static ReplicationGate Create(IServiceProvider services, RequireReplicationOptions options) => new(
        services.GetService<ILitestream>() ?? throw new InvalidOperationException(
            "RequireReplication waits for the replicas of AddLitestream, which was not called: builder.Services.AddLitestream(…)."),
        options,
        services.GetService<TimeProvider>() ?? TimeProvider.System,
        services.GetService<ILoggerFactory>()?.CreateLogger("Litestream.AspNetCore") ?? NullLogger.Instance);

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<ReplicationHold>() is { } outer)
        {
            // One hold for the request: two would wait twice. What is nearer to the endpoint knows better how.
            outer.Use(this, options);
            return next(context);
        }

        // The status page is needed most when a replica does not answer; and it changes nothing.
        var isPage = context.GetEndpoint()?.Metadata.GetMetadata<PageEndpoint>() is not null;
        return isPage || options.Ignores(context.Request.Method) ? next(context) : HoldAsync(context, next);
    }

    /// <summary>A change is on the replicas.</summary>
    public void Succeeded()
    {
        if (Volatile.Read(ref _failing) && Interlocked.Exchange(ref _failing, false))
        {
            Log.ReplicatedInTimeAgain(logger);
        }
    }

    /// <summary>A change is not known to be on the replicas.</summary>
    /// <param name="request">What changed it.</param>
    /// <param name="databases">What it changed.</param>
    /// <param name="timeout">How long was waited.</param>
    /// <param name="reason">Why it is no use to wait; null if the time was over.</param>
    public void Failed(HttpRequest request, string databases, TimeSpan timeout, Exception? reason)
    {
        var (method, path) = (request.Method, request.Path.Value);
        if (Interlocked.Exchange(ref _failing, true))
        {
            Log.StillNotReplicated(logger, method, path, databases);
        }
        else if (reason is null)
        {
            Log.NotReplicatedInTime(logger, method, path, databases, timeout);
        }
        else
        {
            Log.NotReplicable(logger, method, path, databases, reason);
        }
    }

    /// <summary>A response that has begun is not completed.</summary>
    public void Aborted(HttpRequest request)
    {
        var (method, path) = (request.Method, request.Path.Value);
        Log.ResponseAborted(logger, method, path);
    }

    private async Task HoldAsync(HttpContext context, RequestDelegate next)
    {
        var hold = new ReplicationHold(this, context, options);
        var original = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        using var body = new HeldResponseBody(hold, original);
        context.Features.Set(hold);
        context.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await next(context).ConfigureAwait(false);
            await body.FinishAsync().ConfigureAwait(false);
        }
        finally
        {
            // Also after an exception: whoever handles it writes a response of its own.
            context.Features.Set(original);
            context.Features.Set<ReplicationHold>(null);
        }
    }
}
