using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Litestream.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>Everything that <c>MapLitestream</c> maps, and the life of what stands behind it.</summary>
internal sealed class PageEndpoints
{
    private readonly IServiceProvider _services;
    private readonly LitestreamPageOptions _options;
    private readonly ILogger _logger;
    private readonly PageReading _reading;
    private readonly PageRestoring _restoring;

    private PageEndpoints(IServiceProvider services, LitestreamPageOptions options, ILogger logger, PageReading reading, PageRestoring restoring)
    {
        (_services, _options, _logger, _reading, _restoring) = (services, options, logger, reading, restoring);
    }

    /// <exception cref="InvalidOperationException"><c>AddLitestream</c> was not called.</exception>
    public static PageEndpoints Create(IServiceProvider services, LitestreamPageOptions options)
    {
        var litestream = services.GetService<ILitestream>() ?? throw new InvalidOperationException(
            "MapLitestream shows the replication of AddLitestream, which was not called: builder.Services.AddLitestream(…).");
        var time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var logger = services.GetService<ILoggerFactory>()?.CreateLogger("Litestream.AspNetCore") ?? NullLogger.Instance;
        var reporter = new StatusReporter(
            litestream, services.GetService<IOptionsMonitor<LitestreamOptions>>(), services.GetService<IHostEnvironment>()?.ContentRootPath, options, time);
        var lags = new LagHistory(litestream, time);
        var history = new HistoryReader(time);
        var jobs = new PageJobs(new PageRestorer(options, reporter, history, time, logger), time, logger);
        var rights = new PageRights(options);
        if (services.GetService<IHostApplicationLifetime>() is { } life)
        {
            life.ApplicationStarted.Register(lags.Start);
            life.ApplicationStopping.Register(lags.Dispose);
            life.ApplicationStopping.Register(jobs.Dispose);
        }
        else
        {
            lags.Start();
        }

        return new PageEndpoints(
            services,
            options,
            logger,
            new PageReading(litestream, reporter, lags, history, jobs, rights, options, time),
            new PageRestoring(litestream, jobs, rights, logger));
    }

    public IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string pattern)
    {
        var group = endpoints.MapGroup(pattern);
        var source = endpoints.DataSources.Last();
        group.MapGet("", Guarded(PageReading.PageAsync, fromAnywhere: true));
        group.MapGet("status", Guarded(_reading.StatusAsync));
        group.MapGet("lag", Guarded(_reading.LagAsync));
        group.MapGet("history", Guarded(_reading.HistoryAsync));
        group.MapGet("jobs/{id}", Guarded(_reading.JobAsync));
        Restoring(group.MapPost("copy", Guarded(_restoring.CopyAsync, changes: true)));
        Restoring(group.MapPost("restore", Guarded(_restoring.RestoreAsync, changes: true)));
        Restoring(group.MapPost("undo", Guarded(_restoring.UndoAsync, changes: true)));
        Restoring(group.MapDelete("jobs/{id}", Guarded(_restoring.CancelAsync, changes: true)));
        Restoring(group.MapGet("jobs/{id}/file", Guarded(_restoring.DownloadAsync)));
        group.WithMetadata(new PageEndpoint()).AllowDuringRestore().ExcludeFromDescription();
        ((IEndpointConventionBuilder)group).Finally(new AccessRule(_services, pattern, _options).Apply);
        CheckAtStart(endpoints, source);
        return group;
    }

    /// <summary>Writes an answer.</summary>
    public static async Task WriteAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted).ConfigureAwait(false);
    }

    private static RequestDelegate Guarded(RequestDelegate handler, bool changes = false, bool fromAnywhere = false) => async context =>
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        try
        {
            if (changes && !SameOrigin.IsOurs(context.Request))
            {
                throw new PageRefusal(
                    StatusCodes.Status403Forbidden, $"What changes something is taken from the page itself only, or with the header {SameOrigin.Header}: 1.");
            }

            if (!fromAnywhere && SameOrigin.IsFromElsewhere(context.Request))
            {
                throw new PageRefusal(StatusCodes.Status403Forbidden, "This is for the page itself and for programs, not for other sites.");
            }

            await handler(context).ConfigureAwait(false);
        }
        catch (PageRefusal refusal) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, refusal.Status, new PageError(refusal.Message, null), PageJson.Default.PageError).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Whoever asked is gone.
        }
    };

    private void Restoring(IEndpointConventionBuilder endpoint)
    {
        if (_options.RestoreAuthorizationPolicy is { } policy)
        {
            endpoint.WithMetadata(new RestoreAuthorization(policy));
        }
    }

    /// <summary>An application that would refuse everybody is told so when it starts, not when somebody looks.</summary>
    private void CheckAtStart(IEndpointRouteBuilder endpoints, EndpointDataSource source)
    {
        if (endpoints is IApplicationBuilder application)
        {
            // Runs while the pipeline is put together, which is when the host starts. Adds nothing to it.
            application.Use(next =>
            {
                AccessRule.Check(source.Endpoints);
                return next;
            });
            return;
        }

        // Of a group, what protects it may lie around it: that shows in all endpoints together.
        if (_services.GetService<IHostApplicationLifetime>() is { } life)
        {
            life.ApplicationStarted.Register(() =>
            {
                try
                {
                    AccessRule.Check(_services.GetRequiredService<EndpointDataSource>().Endpoints);
                }
                catch (InvalidOperationException exception)
                {
                    Log.PageUnprotected(_logger, exception.Message);
                    life.StopApplication();
                }
            });
        }
    }
}
