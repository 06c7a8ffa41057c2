using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What the page shows.</summary>
internal sealed class PageReading(
    ILitestream litestream, StatusReporter reporter, LagHistory lags, HistoryReader history, PageJobs jobs, PageRights rights, LitestreamPageOptions options, TimeProvider time)
{
    public static ILitestreamDatabase Find(ILitestream litestream, string? name) =>
        litestream.Databases.FirstOrDefault(database => database.Name == name)
        ?? throw new PageRefusal(StatusCodes.Status404NotFound, "There is no such database.");

    public static async Task PageAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = PageContent.SecurityPolicy;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.ContentLength = PageContent.Html.Length;
        await context.Response.Body.WriteAsync(PageContent.Html, context.RequestAborted).ConfigureAwait(false);
    }

    public async Task StatusAsync(HttpContext context)
    {
        var query = context.Request.Query;
        int? limit = int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? most : null;
        var filter = query["filter"].ToString() is { Length: > 0 } part ? part : null;
        var status = reporter.Report(filter, limit, await rights.OfAsync(context).ConfigureAwait(false), jobs.Newest?.Report);
        await PageEndpoints.WriteAsync(context, StatusCodes.Status200OK, status, PageJson.Default.PageStatus).ConfigureAwait(false);
    }

    public async Task LagAsync(HttpContext context)
    {
        var database = Find(litestream, context.Request.Query["database"]);
        var now = time.GetUtcNow();
        var replicas = StatusReporter.TryGetStatus(database)?.Replicas ?? [];
        var lag = new PageLag(
            database.Name, now - LagHistory.Window, now, [.. replicas.Select(replica => new PageLagSeries(replica.Name, lags.Get(database.Name, replica.Name)))]);
        await PageEndpoints.WriteAsync(context, StatusCodes.Status200OK, lag, PageJson.Default.PageLag).ConfigureAwait(false);
    }

    public async Task HistoryAsync(HttpContext context)
    {
        var database = Find(litestream, context.Request.Query["database"]);
        string? replica = context.Request.Query["replica"];
        replica = StatusReporter.TryGetStatus(database)?.Replicas.FirstOrDefault(one => replica is null || one.Name == replica)?.Name
            ?? throw new PageRefusal(StatusCodes.Status404NotFound, "There is no such replica.");
        try
        {
            var found = await history.ReadAsync(database, replica, context.RequestAborted).ConfigureAwait(false);
            if (options.AllowRestoreInPlace)
            {
                found = found with { Previous = PreviousDatabases.Find(database.Path) };
            }

            await PageEndpoints.WriteAsync(context, StatusCodes.Status200OK, found, PageJson.Default.PageHistory).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is LitestreamException or IOException or InvalidOperationException or ArgumentException)
        {
            var (text, remedy) = FailureWords.Of(exception);
            var error = new PageError("The replica could not be listed: " + reporter.Fit(text, database.Path), remedy);
            await PageEndpoints.WriteAsync(context, StatusCodes.Status502BadGateway, error, PageJson.Default.PageError).ConfigureAwait(false);
        }
    }

    public Task JobAsync(HttpContext context) => PageEndpoints.WriteAsync(
        context, StatusCodes.Status200OK, jobs.Find(context.GetRouteValue("id") as string).Report, PageJson.Default.PageJobReport);
}
