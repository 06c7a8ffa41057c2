using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>Writes objects: small ones in one request, larger ones in parts; created only where there is none when that is asked.</summary>
internal sealed class ObjectWriter(ReplicaBucket bucket, S3Location location)
{
    internal const string ContentType = "application/octet-stream";

    private const string TokenName = "litestream-net-write";

    private readonly MultipartUpload _multipart = new(bucket, location);

    public async Task<ReplicaObject> WriteAsync(string key, Stream content, WriteMode mode, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = content.Position;
        var length = content.Length - start;
        var operation = $"Writing '{key}'";
        var conditional = mode == WriteMode.CreateNew
            && await bucket.Creation.IsSupportedAsync(location.Root, cancellationToken).ConfigureAwait(false);
        if (length > location.PartSize)
        {
            return await WritePartsAsync(key, content, start, length, mode, conditional, operation, cancellationToken).ConfigureAwait(false);
        }

        if (mode == WriteMode.CreateNew && !conditional)
        {
            await CheckMissingAsync(key, operation, cancellationToken).ConfigureAwait(false);
        }

        return await PutAsync(key, content, start, length, conditional, operation, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ReplicaObject> PutAsync(
        string key, Stream content, long start, long length, bool conditional, string operation, CancellationToken cancellationToken)
    {
        var hash = await HashAsync(content, start, length, cancellationToken).ConfigureAwait(false);
        var token = Guid.NewGuid().ToString("N");
        var request = new PutObjectRequest
        {
            BucketName = location.Bucket,
            Key = location.Root + key,
            InputStream = new StreamSlice(content, start, length),
            AutoCloseStream = false,
            ContentType = ContentType,
            UseChunkEncoding = false,
            IfNoneMatch = conditional ? "*" : null,
        };
        if (conditional)
        {
            request.Metadata[TokenName] = token;
        }

        DateTimeOffset? date = null;
        PutObjectResponse response;
        try
        {
            response = await bucket.CallAsync(
                operation,
                key,
                length,
                async (client, call) =>
                {
                    var answer = await client.PutObjectAsync(request, call.Token).ConfigureAwait(false);
                    date = call.Date;
                    return answer;
                },
                e => conditional && (S3Failure.IsPreconditionFailed(e) || S3Failure.IsNotImplemented(e)),
                cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failure.IsPreconditionFailed(e))
        {
            // Whoever sent the request again on its way to the store, a proxy say, met what the first had created.
            return await FindOwnAsync(key, token, length, operation, cancellationToken).ConfigureAwait(false) ?? throw Exists(key, e);
        }
        catch (AmazonS3Exception e) when (S3Failure.IsNotImplemented(e))
        {
            bucket.Creation.Refused();
            throw bucket.Failure.From(e, operation, call: null);
        }

        // The signature covers the content's SHA-256, so the store has compared already; an MD5 in its answer says so once more.
        if (date is { } written && IsHash(response.ETag, hash))
        {
            return new ReplicaObject(key, length, written);
        }

        return await ReadBackAsync(key, length, operation, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ReplicaObject> WritePartsAsync(
        string key, Stream content, long start, long length, WriteMode mode, bool conditional, string operation, CancellationToken cancellationToken)
    {
        if (mode == WriteMode.CreateNew)
        {
            await CheckMissingAsync(key, operation, cancellationToken).ConfigureAwait(false);
        }

        var token = Guid.NewGuid().ToString("N");
        var onlyIfMissing = conditional && location.Dialect.CompletesConditionally;
        Func<CancellationToken, Task> beforeCompletion = mode == WriteMode.CreateNew && !onlyIfMissing
            ? ct => CheckMissingAsync(key, operation, ct)
            : static _ => Task.CompletedTask;
        try
        {
            await _multipart.UploadAsync(
                key, content, start, length, (TokenName, token), onlyIfMissing, beforeCompletion, operation, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failure.IsPreconditionFailed(e))
        {
            return await FindOwnAsync(key, token, length, operation, cancellationToken).ConfigureAwait(false) ?? throw Exists(key, e);
        }
        catch (ReplicaException e) when (e.IsTransient)
        {
            // The answer to the last request may be all that was lost, after hours of uploading.
            if (await FindOwnAsync(key, token, length, operation, cancellationToken).ConfigureAwait(false) is { } own)
            {
                return own;
            }

            throw;
        }

        return await ReadBackAsync(key, length, operation, cancellationToken).ConfigureAwait(false);
    }

    // Where the store has no condition. Two writers in the same moment are not kept apart by this (docs/stores.md).
    private async Task CheckMissingAsync(string key, string operation, CancellationToken cancellationToken)
    {
        if (await ObjectReader.FindMetadataAsync(bucket, location.Root, key, operation, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw Exists(key, null);
        }
    }

    private async Task<ReplicaObject?> FindOwnAsync(string key, string token, long length, string operation, CancellationToken cancellationToken)
    {
        try
        {
            var found = await ObjectReader.FindMetadataAsync(bucket, location.Root, key, operation, cancellationToken).ConfigureAwait(false);
            return found is not null && found.Metadata[TokenName] == token && found.ContentLength == length
                ? new ReplicaObject(key, length, Time(found, key))
                : null;
        }
        catch (ReplicaException)
        {
            // Then it stays open whose it is, and the first failure is the one to report.
            return null;
        }
    }

    private async Task<ReplicaObject> ReadBackAsync(string key, long length, string operation, CancellationToken cancellationToken)
    {
        var found = await ObjectReader.FindMetadataAsync(bucket, location.Root, key, operation, cancellationToken).ConfigureAwait(false);
        return found?.ContentLength == length
            ? new ReplicaObject(key, length, Time(found, key))
            : throw new ReplicaException(
                $"{operation}, {bucket.Location}: the store accepted {length} bytes and then had {(found is null ? "no such object" : $"{found.ContentLength}")}.",
                isTransient: true);
    }

    private DateTimeOffset Time(GetObjectMetadataResponse found, string key) => found.LastModified is { } modified
        ? new DateTimeOffset(modified.ToUniversalTime())
        : throw new ReplicaException($"Writing '{key}', {bucket.Location}: the store says no time for the object.", isTransient: true);

    private ReplicaObjectExistsException Exists(string key, Exception? cause) =>
        new($"There is an object '{key}' in {bucket.Location} already.", key, bucket.Failure.Safe(cause));

#pragma warning disable CA5351 // An ETag is an MD5; nothing is secured by it.
    private static async Task<string> HashAsync(Stream content, long start, long length, CancellationToken cancellationToken)
    {
        using var slice = new StreamSlice(content, start, length);
        return Convert.ToHexStringLower(await MD5.HashDataAsync(slice, cancellationToken).ConfigureAwait(false));
    }
#pragma warning restore CA5351

    private static bool IsHash(string? etag, string hash) =>
        etag is not null && etag.AsSpan().Trim('"').Equals(hash, StringComparison.OrdinalIgnoreCase);
}
