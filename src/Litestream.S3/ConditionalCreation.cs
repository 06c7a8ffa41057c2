using Amazon.S3;
using Amazon.S3.Model;
using Litestream.S3.Diagnostics;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>
/// Whether a bucket creates objects only where there are none. Some stores ignore <c>If-None-Match: *</c> and overwrite, some
/// refuse it: unless the store is known, two tries on a small object of our own show it, once per bucket.
/// </summary>
internal sealed class ConditionalCreation(ReplicaBucket bucket) : IDisposable
{
    /// <summary>Below a replica's root. One name for all who try, so that what is left where nobody may delete is one object.</summary>
    public const string TrialKey = ".litestream-net-trial";

    // Guards _supported while it is found out.
    private readonly SemaphoreSlim _lock = new(1, 1);
    private bool? _supported = bucket.Location.Dialect.CreatesConditionally ? true : null;

    /// <summary>What is known so far.</summary>
    public bool? Known => _supported;

    /// <summary>True if the store can be trusted with the condition.</summary>
    /// <param name="root">The root of the replica that asks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> IsSupportedAsync(string root, CancellationToken cancellationToken)
    {
        if (_supported is { } known)
        {
            return known;
        }

        await _lock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_supported is null)
            {
                _supported = await TryAsync($"{root}{TrialKey}", cancellationToken).ConfigureAwait(false);
                if (_supported is true)
                {
                    Log.CreatesConditionally(bucket.Logger, bucket.Location.ToString());
                }
                else
                {
                    Log.ChecksBeforeCreating(bucket.Logger, bucket.Location.ToString());
                }
            }

            return _supported.Value;
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>The store refused the condition after all.</summary>
    public void Refused()
    {
        if (_supported is not false)
        {
            _supported = false;
            Log.ChecksBeforeCreating(bucket.Logger, bucket.Location.ToString());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private async Task<bool> TryAsync(string key, CancellationToken cancellationToken)
    {
        var first = await CreateAsync(key, cancellationToken).ConfigureAwait(false);
        if (first != TrialOutcome.Created)
        {
            // It exists from an earlier trial, or another's that runs just now, and the condition was respected.
            return first == TrialOutcome.Exists;
        }

        var second = await CreateAsync(key, cancellationToken).ConfigureAwait(false);
        try
        {
            await bucket.CallAsync(
                "Deleting the trial object",
                key,
                0,
                (client, call) => client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = bucket.Location.Bucket, Key = key }, call.Token),
                handled: null,
                cancellationToken).ConfigureAwait(false);
        }
        catch (ReplicaException)
        {
            // Keys that may not delete are no reason against a write; CallAsync has logged it.
        }

        return second == TrialOutcome.Exists;
    }

    private async Task<TrialOutcome> CreateAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await bucket.CallAsync(
                "Trying to create an object only if it is missing",
                key,
                0,
                (client, call) => client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = bucket.Location.Bucket,
                        Key = key,
                        InputStream = new MemoryStream("Litestream for .NET tries here what this store can do.\n"u8.ToArray()),
                        ContentType = "text/plain",
                        IfNoneMatch = "*",
                        UseChunkEncoding = false,
                    },
                    call.Token),
                e => S3Failure.IsPreconditionFailed(e) || S3Failure.IsNotImplemented(e),
                cancellationToken).ConfigureAwait(false);
            return TrialOutcome.Created;
        }
        catch (AmazonS3Exception e)
        {
            return S3Failure.IsPreconditionFailed(e) ? TrialOutcome.Exists : TrialOutcome.Refused;
        }
    }

    private enum TrialOutcome
    {
        Created,
        Exists,
        Refused,
    }
}
