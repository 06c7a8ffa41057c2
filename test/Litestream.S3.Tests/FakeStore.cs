using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Litestream.S3;

/// <summary>
/// An S3 store in this process, as strict as the strictest real ones: it verifies every signature and every body's hash,
/// refuses chunked bodies, keeps what came over the wire, and behaves badly on demand. Path style only.
/// </summary>
internal sealed class FakeStore : IAsyncDisposable
{
    public const string Bucket = "testbucket";
    public const string AccessKeyId = "AKIDCANARYCANARY";
    public const string SecretAccessKey = "canary-SECRET-Key/0123456789";
    public const string Region = "us-east-1";

    private static readonly XNamespace Xml = "http://s3.amazonaws.com/doc/2006-03-01/";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<WireRequest> _requests = new();
    private readonly ConcurrentDictionary<string, StoredObject> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FakeUpload> _uploads = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    private FakeStore(WebApplication app) => _app = app;

    public Uri Endpoint => new(_app.Urls.First());

    /// <summary>Every request that came, in order.</summary>
    public IReadOnlyList<WireRequest> Requests => [.. _requests];

    public IReadOnlyDictionary<string, StoredObject> Objects => _objects;

    public IReadOnlyDictionary<string, FakeUpload> Uploads => _uploads;

    /// <summary>What becomes of <c>If-None-Match: *</c>.</summary>
    public ConditionSupport Condition { get; set; } = ConditionSupport.Honoured;

    /// <summary>True: a batch of deletes needs Content-MD5. False: not even that helps.</summary>
    public bool BatchDeleteWorks { get; set; } = true;

    public int PageSize { get; set; } = 1000;

    /// <summary>Comes first: returns true if it has answered.</summary>
    public Func<HttpContext, WireRequest, Task<bool>>? Intercept { get; set; }

    public static async Task<FakeStore> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        var app = builder.Build();
        var store = new FakeStore(app);
        app.Run(store.ServeAsync);
        await app.StartAsync();
        return store;
    }

    public static string Url(string path = "") => $"s3://{Bucket}/{path}";

    public S3ReplicaOptions Options() => new()
    {
        Endpoint = Endpoint.ToString(),
        AccessKeyId = AccessKeyId,
        SecretAccessKey = SecretAccessKey,
        RequestTimeout = TimeSpan.FromSeconds(10),
    };

    public S3ReplicaClient CreateClient(string path = "", Action<S3ReplicaOptions>? configure = null)
    {
        var options = Options();
        configure?.Invoke(options);
        return new S3ReplicaClient(Url(path), options);
    }

    public void Put(string key, byte[] content, DateTimeOffset? modified = null) =>
        _objects[key] = new StoredObject(content, modified ?? DateTimeOffset.UtcNow, new Dictionary<string, string>());

    public void PutLike(string key, WireRequest request) =>
        _objects[key] = new StoredObject(request.Body, DateTimeOffset.UtcNow, Metadata(request));

    public void PutUpload(string key, DateTimeOffset initiated) =>
        _uploads[Guid.NewGuid().ToString("N")] = new FakeUpload(key, initiated, new Dictionary<string, string>(), new ConcurrentDictionary<int, byte[]>());

    public static Task ErrorAsync(HttpContext context, int status, string code, string message = "said the fake store")
    {
        context.Response.StatusCode = status;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : WriteAsync(context, new XElement("Error", new XElement("Code", code), new XElement("Message", message)));
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var request = new WireRequest(
            context.Request.Method,
            context.Features.Get<IHttpRequestFeature>()!.RawTarget,
            context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal),
            buffer.ToArray());
        _requests.Enqueue(request);
        context.Response.Headers["x-amz-request-id"] = "fake";
        if (Intercept is { } intercept && await intercept(context, request))
        {
            return;
        }

        if (Signature.Problem(request, AccessKeyId, SecretAccessKey) is { } problem)
        {
            await ErrorAsync(context, 403, problem);
        }
        else if (request.Headers.ContainsKey("expect") || request.Headers.GetValueOrDefault("content-encoding", "").Contains("aws-chunked", StringComparison.Ordinal))
        {
            await ErrorAsync(context, 501, "NotImplemented");
        }
        else if (!request.Path.StartsWith($"/{Bucket}", StringComparison.Ordinal))
        {
            await ErrorAsync(context, 404, "NoSuchBucket");
        }
        else
        {
            var key = request.Path.Length > Bucket.Length + 2 ? request.Path[(Bucket.Length + 2)..] : "";
            await (key.Length == 0 ? ServeBucketAsync(context, request) : ServeObjectAsync(context, request, key));
        }
    }

    private Task ServeBucketAsync(HttpContext context, WireRequest request) => request switch
    {
        { Method: "GET" } when request.Query.ContainsKey("list-type") => ListAsync(context, request),
        { Method: "GET" } when request.Query.ContainsKey("uploads") => ListUploadsAsync(context, request),
        { Method: "GET" } when request.Query.ContainsKey("versioning") => WriteAsync(context, new XElement(Xml + "VersioningConfiguration")),
        { Method: "POST" } when request.Query.ContainsKey("delete") => DeleteBatchAsync(context, request),
        _ => ErrorAsync(context, 501, "NotImplemented"),
    };

    private Task ServeObjectAsync(HttpContext context, WireRequest request, string key) => request switch
    {
        { Method: "PUT" } when request.Query.ContainsKey("partNumber") => PutPartAsync(context, request),
        { Method: "PUT" } => PutAsync(context, request, key),
        { Method: "GET" or "HEAD" } => GetAsync(context, request, key),
        { Method: "POST" } when request.Query.ContainsKey("uploads") => InitiateAsync(context, request, key),
        { Method: "POST" } when request.Query.ContainsKey("uploadId") => CompleteAsync(context, request, key),
        { Method: "DELETE" } when request.Query.TryGetValue("uploadId", out var id) => DeletedAsync(context, _uploads.TryRemove(id, out _)),
        { Method: "DELETE" } => DeletedAsync(context, _objects.TryRemove(key, out _) || true),
        _ => ErrorAsync(context, 501, "NotImplemented"),
    };

    private Task PutAsync(HttpContext context, WireRequest request, string key)
    {
        var conditional = request.Headers.ContainsKey("if-none-match");
        if (conditional && Condition == ConditionSupport.Refused)
        {
            return ErrorAsync(context, 501, "NotImplemented");
        }

        lock (_lock)
        {
            if (conditional && Condition == ConditionSupport.Honoured && _objects.ContainsKey(key))
            {
                return ErrorAsync(context, 412, "PreconditionFailed");
            }

            _objects[key] = new StoredObject(request.Body, DateTimeOffset.UtcNow, Metadata(request));
        }

        context.Response.Headers.ETag = ETag(request.Body);
        return Task.CompletedTask;
    }

    private async Task GetAsync(HttpContext context, WireRequest request, string key)
    {
        if (!_objects.TryGetValue(key, out var found))
        {
            await ErrorAsync(context, 404, "NoSuchKey");
            return;
        }

        var (start, end) = (0L, (long)found.Content.Length);
        if (request.Headers.TryGetValue("range", out var range))
        {
            var parts = range["bytes=".Length..].Split('-');
            start = long.Parse(parts[0], CultureInfo.InvariantCulture);
            end = parts[1].Length == 0 ? end : Math.Min(end, long.Parse(parts[1], CultureInfo.InvariantCulture) + 1);
            if (start >= found.Content.Length)
            {
                await ErrorAsync(context, 416, "InvalidRange");
                return;
            }

            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = FormattableString.Invariant($"bytes {start}-{end - 1}/{found.Content.Length}");
        }

        foreach (var (name, value) in found.Metadata)
        {
            context.Response.Headers[name] = value;
        }

        context.Response.Headers.ETag = ETag(found.Content);
        context.Response.Headers.LastModified = found.Modified.ToString("R", CultureInfo.InvariantCulture);
        context.Response.ContentLength = end - start;
        if (request.Method == "GET")
        {
            await context.Response.Body.WriteAsync(found.Content.AsMemory((int)start, (int)(end - start)));
        }
    }

    private Task ListAsync(HttpContext context, WireRequest request)
    {
        var prefix = request.Query.GetValueOrDefault("prefix", "");
        var delimiter = request.Query.GetValueOrDefault("delimiter", "");
        var after = request.Query.GetValueOrDefault("continuation-token", "");
        var result = new XElement(Xml + "ListBucketResult", new XElement(Xml + "Name", Bucket));
        var count = 0;
        string? last = null;
        foreach (var key in _objects.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var slash = delimiter.Length == 0 ? -1 : key.IndexOf('/', prefix.Length);
            var name = slash < 0 ? key : key[..(slash + 1)];
            if (string.CompareOrdinal(name, after) <= 0 || name == last)
            {
                continue;
            }

            if (count++ == PageSize)
            {
                result.Add(new XElement(Xml + "IsTruncated", "true"), new XElement(Xml + "NextContinuationToken", last));
                break;
            }

            last = name;
            result.Add(slash < 0
                ? new XElement(
                    Xml + "Contents",
                    new XElement(Xml + "Key", key),
                    new XElement(Xml + "Size", _objects[key].Content.Length),
                    new XElement(Xml + "LastModified", _objects[key].Modified.ToString("yyyy-MM-ddTHH:mm:ss.000Z", CultureInfo.InvariantCulture)))
                : new XElement(Xml + "CommonPrefixes", new XElement(Xml + "Prefix", name)));
        }

        return WriteAsync(context, result);
    }

    private Task DeleteBatchAsync(HttpContext context, WireRequest request)
    {
        if (!BatchDeleteWorks || request.Headers.GetValueOrDefault("content-md5") != Convert.ToBase64String(MD5.HashData(request.Body)))
        {
            return ErrorAsync(context, 400, "MissingContentMD5");
        }

        var result = new XElement(Xml + "DeleteResult");
        foreach (var key in XDocument.Parse(Encoding.UTF8.GetString(request.Body)).Descendants().Where(e => e.Name.LocalName == "Key"))
        {
            _objects.TryRemove(key.Value, out _);
            result.Add(new XElement(Xml + "Deleted", new XElement(Xml + "Key", key.Value)));
        }

        return WriteAsync(context, result);
    }

    private Task InitiateAsync(HttpContext context, WireRequest request, string key)
    {
        var id = Guid.NewGuid().ToString("N");
        _uploads[id] = new FakeUpload(key, DateTimeOffset.UtcNow, Metadata(request), new ConcurrentDictionary<int, byte[]>());
        return WriteAsync(context, new XElement(
            Xml + "InitiateMultipartUploadResult", new XElement(Xml + "Bucket", Bucket), new XElement(Xml + "Key", key), new XElement(Xml + "UploadId", id)));
    }

    private Task PutPartAsync(HttpContext context, WireRequest request)
    {
        if (!_uploads.TryGetValue(request.Query["uploadId"], out var upload))
        {
            return ErrorAsync(context, 404, "NoSuchUpload");
        }

        upload.Parts[int.Parse(request.Query["partNumber"], CultureInfo.InvariantCulture)] = request.Body;
        context.Response.Headers.ETag = ETag(request.Body);
        return Task.CompletedTask;
    }

    private Task CompleteAsync(HttpContext context, WireRequest request, string key)
    {
        if (!_uploads.TryRemove(request.Query["uploadId"], out var upload))
        {
            return ErrorAsync(context, 404, "NoSuchUpload");
        }

        byte[] content = [.. upload.Parts.OrderBy(part => part.Key).SelectMany(part => part.Value)];
        _objects[key] = new StoredObject(content, upload.Initiated, upload.Metadata);

        // No ETag, as Ceph 16 answers.
        return WriteAsync(context, new XElement(Xml + "CompleteMultipartUploadResult", new XElement(Xml + "Key", key)));
    }

    private Task ListUploadsAsync(HttpContext context, WireRequest request) => WriteAsync(context, new XElement(
        Xml + "ListMultipartUploadsResult",
        _uploads.Where(upload => upload.Value.Key.StartsWith(request.Query.GetValueOrDefault("prefix", ""), StringComparison.Ordinal)).Select(upload => new XElement(
            Xml + "Upload",
            new XElement(Xml + "Key", upload.Value.Key),
            new XElement(Xml + "UploadId", upload.Key),
            new XElement(Xml + "Initiated", upload.Value.Initiated.ToString("yyyy-MM-ddTHH:mm:ss.000Z", CultureInfo.InvariantCulture))))));

    private static Task DeletedAsync(HttpContext context, bool found)
    {
        if (!found)
        {
            return ErrorAsync(context, 404, "NoSuchUpload");
        }

        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static Dictionary<string, string> Metadata(WireRequest request) => request.Headers
        .Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.Ordinal))
        .ToDictionary(header => header.Key, header => header.Value, StringComparer.Ordinal);

    private static string ETag(byte[] content) => $"\"{Convert.ToHexStringLower(MD5.HashData(content))}\"";

    private static async Task WriteAsync(HttpContext context, XElement element)
    {
        context.Response.ContentType = "application/xml";
        await context.Response.WriteAsync("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element.ToString(SaveOptions.DisableFormatting));
    }
}
