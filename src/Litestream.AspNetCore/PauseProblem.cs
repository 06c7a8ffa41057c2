using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.AspNetCore;

/// <summary>The 503 of a request that came while a database was exchanged: nothing was done; try again.</summary>
internal static class PauseProblem
{
    private const string Type = "https://tools.ietf.org/html/rfc9110#section-15.6.4";
    private const string Title = "The database is being restored.";
    private const string Detail = "Nothing was done. Try again in a few seconds.";

    private static readonly byte[] Html =
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>One moment</title>
        <body><main><h1>One moment</h1><p>The database is being restored. Nothing was done. Try again in a few seconds.</p></main></body></html>

        """u8.ToArray();

    public static async Task WriteAsync(HttpContext context, TimeSpan retryAfter)
    {
        var response = context.Response;
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        response.Headers.CacheControl = "no-store";
        response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            await WriteAsync(context, "text/html; charset=utf-8", Html).ConfigureAwait(false);
            return;
        }

        var problem = new ProblemDetails { Type = Type, Title = Title, Status = StatusCodes.Status503ServiceUnavailable, Detail = Detail };
        if (context.RequestServices.GetService<IProblemDetailsService>() is { } service
            && await service.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem }).ConfigureAwait(false))
        {
            return;
        }

        await WriteAsync(context, ReplicationProblem.ContentType, Json()).ConfigureAwait(false);
    }

    private static async Task WriteAsync(HttpContext context, string contentType, byte[] body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static byte[] Json()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", Type);
            json.WriteString("title", Title);
            json.WriteNumber("status", StatusCodes.Status503ServiceUnavailable);
            json.WriteString("detail", Detail);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
