using Amazon.S3.Model;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>What is to be known of a bucket that trying it out does not show.</summary>
internal static class StoreNotes
{
    public static async Task<IReadOnlyList<string>> DescribeAsync(ReplicaBucket bucket, string root, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        if (!await bucket.Creation.IsSupportedAsync(root, cancellationToken).ConfigureAwait(false))
        {
            notes.Add("The store does not create objects conditionally (If-None-Match). An object is looked for before it is created, which keeps apart two writers that are seconds apart, not two in the same moment: there is no fencing. See to it that only one application writes to the replica.");
        }

        if (bucket.Location.Dialect.Note is { } note)
        {
            notes.Add(note);
        }
        else if (await IsVersionedAsync(bucket, cancellationToken).ConfigureAwait(false))
        {
            notes.Add("Deleting only hides an object here: the bucket keeps old versions, and they are billed. Give it a lifecycle rule that removes noncurrent versions.");
        }

        return notes;
    }

    private static async Task<bool> IsVersionedAsync(ReplicaBucket bucket, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await bucket.CallAsync(
                "Asking for the bucket's versioning",
                null,
                0,
                (client, call) => client.GetBucketVersioningAsync(new GetBucketVersioningRequest { BucketName = bucket.Location.Bucket }, call.Token),
                handled: null,
                cancellationToken).ConfigureAwait(false);
            return answer.VersioningConfig?.Status == Amazon.S3.VersionStatus.Enabled;
        }
        catch (ReplicaException)
        {
            // Not allowed to ask, or the store does not know the question: nothing can be said.
            return false;
        }
    }
}
