using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>Opens objects and ranges of them.</summary>
internal static class ObjectReader
{
    public static async Task<Stream> OpenAsync(
        ReplicaBucket bucket, string root, string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var operation = $"Reading '{key}'";
        if (length == 0)
        {
            // No range says "nothing"; whether there is such an object is still the question.
            await GetMetadataAsync(bucket, root, key, operation, cancellationToken).ConfigureAwait(false);
            return Stream.Null;
        }

        var request = new GetObjectRequest { BucketName = bucket.Location.Bucket, Key = root + key };
        if (offset > 0 || length is not null)
        {
            request.ByteRange = length is { } count && count < long.MaxValue - offset
                ? new ByteRange(offset, offset + count - 1)
                : new ByteRange(FormattableString.Invariant($"bytes={offset}-"));
        }

        GetObjectResponse response;
        try
        {
            response = await bucket.CallAsync(
                operation, key, 0, (client, call) => client.GetObjectAsync(request, call.Token), IsExpected, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failure.IsObjectMissing(e))
        {
            throw NotFound(bucket, key, e);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // The range begins at or behind the end of the object.
            return Stream.Null;
        }

        return ObjectStream.Create(bucket, response, operation, request.ByteRange is null ? null : offset, length);
    }

    /// <summary>Size, time and metadata of an object; null if there is none and that is an answer.</summary>
    public static async Task<GetObjectMetadataResponse?> FindMetadataAsync(
        ReplicaBucket bucket, string root, string key, string operation, CancellationToken cancellationToken)
    {
        try
        {
            return await bucket.CallAsync(
                operation,
                key,
                0,
                (client, call) => client.GetObjectMetadataAsync(
                    new GetObjectMetadataRequest { BucketName = bucket.Location.Bucket, Key = root + key }, call.Token),
                S3Failure.IsObjectMissing,
                cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failure.IsObjectMissing(e))
        {
            return null;
        }
    }

    private static async Task GetMetadataAsync(
        ReplicaBucket bucket, string root, string key, string operation, CancellationToken cancellationToken)
    {
        if (await FindMetadataAsync(bucket, root, key, operation, cancellationToken).ConfigureAwait(false) is null)
        {
            throw NotFound(bucket, key, null);
        }
    }

    private static bool IsExpected(Exception e) =>
        S3Failure.IsObjectMissing(e) || e is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable };

    private static ReplicaObjectNotFoundException NotFound(ReplicaBucket bucket, string key, Exception? cause) =>
        new($"There is no object '{key}' in {bucket.Location}.", key, bucket.Failure.Safe(cause));
}
