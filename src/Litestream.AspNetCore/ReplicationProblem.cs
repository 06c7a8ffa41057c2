using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.AspNetCore;

/// <summary>The 503 that tells a client that its change is not confirmed: neither lost, nor undone.</summary>
internal static class ReplicationProblem
{
    public const string ContentType = "application/problem+json";

    private const string Type = "https://tools.ietf.org/html/rfc9110#section-15.6.4";
    private const string Title = "The change was made, but is not on its replicas yet.";

    /// <summary>Replaces a response that has not begun, as the application's own problems look if it has said how.</summary>
    public static async Task WriteAsync(HttpContext context, TimeSpan timeout)
    {
        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"It could not be confirmed within {timeout.TotalSeconds:0.###} s that a copy of the change exists outside this server. The change stands and will be copied; repeating the request may make it twice.");
        var problem = new ProblemDetails { Type = Type, Title = Title, Status = StatusCodes.Status503ServiceUnavailable, Detail = detail };
        if (context.RequestServices.GetService<IProblemDetailsService>() is { } service
            && await service.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem }).ConfigureAwait(false))
        {
            return;
        }

        context.Response.ContentType = ContentType;
        var json = Json(detail);
        context.Response.ContentLength = json.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(json, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Written by hand: there is no serialization by reflection in a native executable.</summary>
    private static byte[] Json(string detail)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", Type);
            json.WriteString("title", Title);
            json.WriteNumber("status", StatusCodes.Status503ServiceUnavailable);
            json.WriteString("detail", detail);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
