using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Litestream.S3;

/// <summary>A store that accepts everything and keeps nothing but sizes.</summary>
internal sealed class DrainStore : IAsyncDisposable
{
    private readonly WebApplication _app;
    private long _size;

    private DrainStore(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.First();

    public static async Task<DrainStore> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var app = builder.Build();
        var store = new DrainStore(app);
        app.Run(store.ServeAsync);
        await app.StartAsync();
        return store;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        var buffer = new byte[64 << 10];
        int read;
        var size = 0L;
        while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
        {
            size += read;
        }

        context.Response.Headers.ETag = "\"0\"";
        switch (context.Request.Method)
        {
            case "POST" when context.Request.QueryString.Value!.Contains("uploads", StringComparison.Ordinal):
                _size = 0;
                await context.Response.WriteAsync("<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>");
                break;
            case "PUT":
                _size += size;
                break;
            case "POST":
                await context.Response.WriteAsync("<CompleteMultipartUploadResult/>");
                break;
            case "GET":
                await context.Response.WriteAsync("<ListMultipartUploadsResult/>");
                break;
            case "HEAD":
                context.Response.ContentLength = _size;
                context.Response.Headers.LastModified = DateTimeOffset.UtcNow.ToString("R");
                break;
        }
    }
}
