using Amazon.S3.Model;
using Litestream.S3.Diagnostics;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>
/// Uploads a large object in parts, one after the other and straight from the content, so that memory does not grow with
/// it. A part that fails is tried again, since nobody above can; an upload that fails is aborted, since its parts cost money.
/// </summary>
internal sealed class MultipartUpload(ReplicaBucket bucket, S3Location location)
{
    private const int MostParts = 10_000;
    private const long PartStep = 1L << 20;
    private const int Attempts = 4;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    private readonly StaleUploads _stale = new(bucket, location);

    /// <summary>The size of parts for an object: as configured, unless they would be too many.</summary>
    public static long PartSize(long length, long configured)
    {
        var least = ((length + MostParts - 1) / MostParts + PartStep - 1) / PartStep * PartStep;
        return Math.Max(configured, least);
    }

    /// <summary>Uploads the content.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">The content.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="length">How long it is.</param>
    /// <param name="metadata">What the object carries to be known again.</param>
    /// <param name="onlyIfMissing">Completes only where there is no object.</param>
    /// <param name="beforeCompletion">What has to hold before the object appears.</param>
    /// <param name="operation">For messages.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task UploadAsync(
        string key,
        Stream content,
        long start,
        long length,
        (string Name, string Value) metadata,
        bool onlyIfMissing,
        Func<CancellationToken, Task> beforeCompletion,
        string operation,
        CancellationToken cancellationToken)
    {
        await _stale.AbortAsync(cancellationToken).ConfigureAwait(false);
        var initiation = new InitiateMultipartUploadRequest
        {
            BucketName = location.Bucket,
            Key = location.Root + key,
            ContentType = ObjectWriter.ContentType,
        };
        initiation.Metadata[metadata.Name] = metadata.Value;
        var upload = await bucket.CallAsync(
            operation, key, 0, (client, call) => client.InitiateMultipartUploadAsync(initiation, call.Token), handled: null, cancellationToken).ConfigureAwait(false);
        if (string.IsNullOrEmpty(upload.UploadId))
        {
            throw new ReplicaException($"{operation}, {bucket.Location}: the store gave the upload no id; check the endpoint.");
        }

        try
        {
            var parts = await UploadPartsAsync(upload.UploadId, key, content, start, length, operation, cancellationToken).ConfigureAwait(false);
            await beforeCompletion(cancellationToken).ConfigureAwait(false);
            await bucket.CallAsync(
                operation,
                key,
                0,
                (client, call) => client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = location.Bucket,
                        Key = location.Root + key,
                        UploadId = upload.UploadId,
                        PartETags = parts,
                        IfNoneMatch = onlyIfMissing ? "*" : null,
                    },
                    call.Token),
                e => onlyIfMissing && S3Failure.IsPreconditionFailed(e),
                cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Also when the caller has given up; each request has its own bound.
            await AbortAsync(upload.UploadId, key).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<List<PartETag>> UploadPartsAsync(
        string uploadId, string key, Stream content, long start, long length, string operation, CancellationToken cancellationToken)
    {
        var partSize = PartSize(length, location.PartSize);
        var parts = new List<PartETag>();
        for (var offset = 0L; offset < length; offset += partSize)
        {
            var number = parts.Count + 1;
            var size = Math.Min(partSize, length - offset);
            parts.Add(new PartETag(
                number,
                await UploadPartAsync(uploadId, key, number, content, start + offset, size, operation, cancellationToken).ConfigureAwait(false)));
        }

        return parts;
    }

    private async Task<string> UploadPartAsync(
        string uploadId, string key, int number, Stream content, long offset, long size, string operation, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var request = new UploadPartRequest
            {
                BucketName = location.Bucket,
                Key = location.Root + key,
                UploadId = uploadId,
                PartNumber = number,
                PartSize = size,
                InputStream = new StreamSlice(content, offset, size),
                UseChunkEncoding = false,
            };
            try
            {
                var response = await bucket.CallAsync(
                    $"{operation}, part {number}", key, size, (client, call) => client.UploadPartAsync(request, call.Token), handled: null, cancellationToken).ConfigureAwait(false);
                return response.ETag ?? throw new ReplicaException($"{operation}, {bucket.Location}: the store gave part {number} no ETag.");
            }
            catch (ReplicaException e) when (e.IsTransient && attempt < Attempts)
            {
                var delay = FirstDelay * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble());
                await Task.Delay(delay, bucket.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task AbortAsync(string uploadId, string key)
    {
        try
        {
            await _stale.AbortAsync(uploadId, location.Root + key, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ReplicaException e)
        {
            _stale.Remember(uploadId, location.Root + key);
            Log.StaleUploadsRemain(bucket.Logger, location.ToString(), e.Message);
        }
    }
}
