using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Litestream.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>What can be done from the page.</summary>
internal sealed class PageRestoring(ILitestream litestream, PageJobs jobs, PageRights rights, ILogger logger)
{
    // A request names a database and a moment.
    private const int MaxRequestBytes = 8192;
    private const int SendBytes = 64 * 1024;

    public async Task CopyAsync(HttpContext context)
    {
        RefuseUnless(rights.At(context).Download, "Downloads are not allowed here: the application sets AllowDownload.");
        await BeginAsync(context, PageJobKind.Copy).ConfigureAwait(false);
    }

    public async Task RestoreAsync(HttpContext context)
    {
        RefuseUnless(rights.At(context).RestoreInPlace, NotInPlace);
        await BeginAsync(context, PageJobKind.Restore).ConfigureAwait(false);
    }

    public async Task UndoAsync(HttpContext context)
    {
        RefuseUnless(rights.At(context).RestoreInPlace, NotInPlace);
        var request = await ReadAsync(context, PageJson.Default.UndoRequest).ConfigureAwait(false);
        var database = PageReading.Find(litestream, request.Database);

        // A name that we found ourselves, never a path out of the request.
        var previous = PreviousDatabases.Find(database.Path).FirstOrDefault(one => one.File == request.Previous)
            ?? throw new PageRefusal(StatusCodes.Status404NotFound, "There is no such previous database any more.");
        await AcceptAsync(context, jobs.BeginUndo(database, previous, User(context))).ConfigureAwait(false);
    }

    public Task CancelAsync(HttpContext context)
    {
        RefuseUnless(rights.At(context) is { Download: true } or { RestoreInPlace: true }, "Nothing can be begun here, nor ended.");
        var job = jobs.Find(context.GetRouteValue("id") as string);
        job.Cancel();
        return PageEndpoints.WriteAsync(context, StatusCodes.Status200OK, job.Report, PageJson.Default.PageJobReport);
    }

    public async Task DownloadAsync(HttpContext context)
    {
        RefuseUnless(rights.At(context).Download, "Downloads are not allowed here: the application sets AllowDownload.");
        var job = jobs.Find(context.GetRouteValue("id") as string);
        var copy = job.BeginSending() ?? throw new PageRefusal(StatusCodes.Status409Conflict, "There is no copy to download, or it is being downloaded.");
        var complete = false;
        try
        {
            await SendAsync(context, copy, job.Report.FileName!).ConfigureAwait(false);
            complete = true;
        }
        finally
        {
            job.EndSending(complete);
        }

        var (database, user) = (job.Report.Database, User(context));
        Log.PageCopySent(logger, database, user);
    }

    private const string NotInPlace = "Restoring in place is not allowed here: the application sets AllowRestoreInPlace.";

    private static async Task SendAsync(HttpContext context, CopyFile copy, string name)
    {
        var response = context.Response;
        response.ContentType = "application/vnd.sqlite3";
        response.ContentLength = copy.Length;
        response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        var buffer = ArrayPool<byte>.Shared.Rent(SendBytes);
        try
        {
            for (long offset = 0; offset < copy.Length;)
            {
                var read = await copy.ReadAsync(buffer, offset, context.RequestAborted).ConfigureAwait(false);
                if (read == 0)
                {
                    throw new IOException("The copy is shorter than it was.");
                }

                await response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
                offset += read;
            }

            await response.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void RefuseUnless(bool allowed, string why)
    {
        if (!allowed)
        {
            throw new PageRefusal(StatusCodes.Status403Forbidden, why);
        }
    }

    private static string? User(HttpContext context) => context.User.Identity?.Name;

    private static Task AcceptAsync(HttpContext context, PageJob job) =>
        PageEndpoints.WriteAsync(context, StatusCodes.Status202Accepted, job.Report, PageJson.Default.PageJobReport);

    private static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (!context.Request.HasJsonContentType())
        {
            throw new PageRefusal(StatusCodes.Status415UnsupportedMediaType, "The request has to be JSON.");
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = MaxRequestBytes;
        }

        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted).ConfigureAwait(false)
                ?? throw new PageRefusal(StatusCodes.Status400BadRequest, "The request is empty.");
        }
        catch (JsonException)
        {
            throw new PageRefusal(StatusCodes.Status400BadRequest, "The request cannot be read.");
        }
    }

    private async Task BeginAsync(HttpContext context, PageJobKind kind)
    {
        var moment = await ReadAsync(context, PageJson.Default.MomentRequest).ConfigureAwait(false);
        var database = PageReading.Find(litestream, moment.Database);
        await AcceptAsync(context, jobs.Begin(kind, database, moment, User(context))).ConfigureAwait(false);
    }
}
