using System.Collections.Concurrent;
using Amazon.S3.Model;
using Litestream.S3.Diagnostics;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>
/// Uploads that were begun below this replica's root and never ended, because their process died: no listing shows them, and
/// they are billed for ever. Looked for once, before the first upload of a client's life.
/// </summary>
internal sealed class StaleUploads(ReplicaBucket bucket, S3Location location)
{
    // Longer than any upload may take that another process of ours, or Litestream, has under way.
    private static readonly TimeSpan Age = TimeSpan.FromDays(2);
    private const int MostAtOnce = 1000;

    private readonly ConcurrentDictionary<string, string> _keysByUpload = new(StringComparer.Ordinal);
    private int _looked;

    /// <summary>An upload of our own that could not be aborted.</summary>
    public void Remember(string uploadId, string fullKey) => _keysByUpload[uploadId] = fullKey;

    /// <summary>Aborts what is found. That this fails is no reason against an upload.</summary>
    public async Task AbortAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (uploadId, key) in _keysByUpload)
            {
                await AbortAsync(uploadId, key, cancellationToken).ConfigureAwait(false);
                _keysByUpload.TryRemove(uploadId, out _);
            }

            if (Interlocked.Exchange(ref _looked, 1) == 0)
            {
                await AbortOldAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ReplicaException e)
        {
            Log.StaleUploadsRemain(bucket.Logger, location.ToString(), e.Message);
        }
    }

    /// <summary>Aborts one upload; one that is gone is no error.</summary>
    public Task AbortAsync(string uploadId, string fullKey, CancellationToken cancellationToken) => bucket.CallAsync(
        "Removing an unfinished upload",
        fullKey,
        0,
        async (client, call) =>
        {
            try
            {
                await client.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest { BucketName = location.Bucket, Key = fullKey, UploadId = uploadId }, call.Token).ConfigureAwait(false);
            }
            catch (Amazon.S3.AmazonS3Exception e) when (S3Failure.IsObjectMissing(e))
            {
                // Ended or aborted by now.
            }

            return true;
        },
        handled: null,
        cancellationToken);

    private async Task AbortOldAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset? now = null;
        var prefix = $"{location.Root}generations/";
        var answer = await bucket.CallAsync(
            "Looking for unfinished uploads",
            prefix,
            0,
            async (client, call) =>
            {
                var page = await client.ListMultipartUploadsAsync(
                    new ListMultipartUploadsRequest { BucketName = location.Bucket, Prefix = prefix, MaxUploads = MostAtOnce }, call.Token).ConfigureAwait(false);
                now = call.Date;
                return page;
            },
            handled: null,
            cancellationToken).ConfigureAwait(false);
        foreach (var upload in answer.MultipartUploads ?? [])
        {
            // By the store's clock, and only below our root, whatever the store lists.
            if (upload is { Initiated: { } initiated, Key: { } key, UploadId: { } id } && key.StartsWith(prefix, StringComparison.Ordinal)
                && now - initiated.ToUniversalTime() > Age)
            {
                await AbortAsync(id, key, cancellationToken).ConfigureAwait(false);
                Log.StaleUploadAborted(bucket.Logger, key, location.ToString(), initiated);
            }
        }
    }
}
