using Amazon.S3;
using Amazon.S3.Model;
using Litestream.S3.Diagnostics;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>Deletes objects: in batches, in the order given, or one by one where the store refuses batches.</summary>
internal sealed class ObjectDeletion(ReplicaBucket bucket, S3Location location)
{
    private const int BatchSize = 1000;

    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // Some stores refuse a batch that names a key twice.
        foreach (var batch in keys.Distinct(StringComparer.Ordinal).Chunk(BatchSize))
        {
            if (batch.Length == 1 || !location.Dialect.BatchDelete || !bucket.BatchDelete
                || !await TryBatchAsync(batch, cancellationToken).ConfigureAwait(false))
            {
                foreach (var key in batch)
                {
                    await DeleteOneAsync(key, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    private async Task<bool> TryBatchAsync(string[] keys, CancellationToken cancellationToken)
    {
        var operation = $"Deleting {keys.Length} objects from '{keys[0]}' on";
        var request = new DeleteObjectsRequest
        {
            BucketName = location.Bucket,
            // In full, so that an answer that is none is not taken for success.
            Quiet = false,
            Objects = [.. keys.Select(key => new KeyVersion { Key = location.Root + key })],
        };
        List<DeleteError> errors;
        try
        {
            var response = await bucket.CallAsync(
                operation,
                keys[0],
                0,
                (client, call) => client.DeleteObjectsAsync(request, call.Token),
                e => e is DeleteObjectsException || IsRefusal(e),
                cancellationToken).ConfigureAwait(false);
            errors = response.DeleteErrors ?? [];
            if (errors.Count == 0 && response.DeletedObjects is not { Count: > 0 })
            {
                throw new ReplicaException($"{operation}, {bucket.Location}: the store's answer names none of them; check the endpoint.", isTransient: true);
            }
        }
        catch (DeleteObjectsException e)
        {
            // HTTP 200, and yet some are still there.
            errors = e.Response.DeleteErrors ?? [];
        }
        catch (AmazonS3Exception)
        {
            bucket.BatchDelete = false;
            Log.DeletesOneByOne(bucket.Logger, location.ToString());
            return false;
        }

        errors.RemoveAll(error => error.Code is "NoSuchKey");
        return errors.Count == 0 ? true : throw Failed(operation, errors);
    }

    private Task<bool> DeleteOneAsync(string key, CancellationToken cancellationToken) => bucket.CallAsync(
        $"Deleting '{key}'",
        key,
        0,
        async (client, call) =>
        {
            try
            {
                await client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = location.Bucket, Key = location.Root + key }, call.Token).ConfigureAwait(false);
            }
            catch (AmazonS3Exception e) when (S3Failure.IsObjectMissing(e))
            {
                // AWS says 204 to a key that is not there, some say 404.
            }

            return true;
        },
        handled: null,
        cancellationToken);

    // MissingContentMD5, NotImplemented, MethodNotAllowed, MalformedXML, and whatever else a store says that knows no batches.
    private static bool IsRefusal(Exception e) =>
        S3Failure.IsNotImplemented(e)
        || e is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.BadRequest, ErrorCode: "MissingContentMD5" or "InvalidRequest" or "InvalidArgument" or "MalformedXML" or "InvalidDigest" or "BadDigest" };

    private ReplicaException Failed(string operation, List<DeleteError> errors)
    {
        var first = errors[0];
        var key = first.Key?.StartsWith(location.Root, StringComparison.Ordinal) is true ? first.Key[location.Root.Length..] : first.Key;
        var denied = errors.Any(error => error.Code is "AccessDenied");
        return new ReplicaException(
            $"{operation}, {bucket.Location}: {errors.Count} of them could not be deleted, among them '{key}' ({first.Code})."
                + (denied ? " The keys need s3:DeleteObject." : ""),
            isTransient: !denied);
    }
}
