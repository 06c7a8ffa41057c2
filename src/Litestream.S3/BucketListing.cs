using System.Runtime.CompilerServices;
using System.Text;
using Amazon.S3.Model;
using Litestream.S3.Requests;

namespace Litestream.S3;

/// <summary>
/// Lists a bucket page by page, and believes nothing: a page that repeats or reorders keys, a token that comes again, a page
/// that is cut off without one, entries without a size or a time. A listing that is not whole must not look like one.
/// </summary>
internal static class BucketListing
{
    public sealed record Page(IReadOnlyList<ReplicaObject> Objects, IReadOnlyList<string> Prefixes);

    public static async IAsyncEnumerable<Page> PagesAsync(
        ReplicaBucket bucket, string prefix, string? delimiter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var operation = $"Listing '{prefix}'";
        var tokens = new HashSet<string>(StringComparer.Ordinal);
        string? token = null, lastKey = null, lastPrefix = null;
        do
        {
            var request = new ListObjectsV2Request
            {
                BucketName = bucket.Location.Bucket,
                Prefix = prefix.Length == 0 ? null : prefix,
                Delimiter = delimiter,
                ContinuationToken = token,
            };
            var answer = await bucket.CallAsync(
                operation, prefix, 0, (client, call) => client.ListObjectsV2Async(request, call.Token), handled: null, cancellationToken).ConfigureAwait(false);

            // The SDK takes any XML for an empty list, an error page of a proxy included.
            if (answer is { Name: null, IsTruncated: null, KeyCount: null, MaxKeys: null })
            {
                throw Broken(operation, bucket, "what was answered is no list; check the endpoint");
            }

            // Collections that are empty are null.
            var objects = (answer.S3Objects ?? []).ConvertAll(found => Read(found, operation, bucket));
            var prefixes = answer.CommonPrefixes ?? [];
            foreach (var found in objects)
            {
                lastKey = CheckNext(found.Key, lastKey, prefix, operation, bucket);
            }

            foreach (var found in prefixes)
            {
                lastPrefix = CheckNext(found, lastPrefix, prefix, operation, bucket);
                if (!found.EndsWith('/') || found.Length <= prefix.Length)
                {
                    throw Broken(operation, bucket, $"'{Quote(found)}' is no folder below it");
                }
            }

            yield return new Page(objects, prefixes);
            token = answer.IsTruncated is true ? answer.NextContinuationToken ?? "" : null;
            if (token is not null && (token.Length == 0 || !tokens.Add(token)))
            {
                throw Broken(operation, bucket, token.Length == 0 ? "it ends in the middle, without a token to go on" : "a token to go on came twice");
            }
        }
        while (token is not null);
    }

    private static ReplicaObject Read(S3Object found, string operation, ReplicaBucket bucket) =>
        found is { Key: { Length: > 0 } key, Size: >= 0, LastModified: { } modified }
            ? new ReplicaObject(key, found.Size.Value, new DateTimeOffset(modified.ToUniversalTime()))
            // Ages decide what is deleted: a time that is made up would be dangerous.
            : throw Broken(operation, bucket, $"'{Quote(found.Key)}' has no size or no time");

    // The protocol's order is that of UTF-8. A store that has another repeats or leaves out keys between pages.
    private static string CheckNext(string key, string? last, string prefix, string operation, ReplicaBucket bucket)
    {
        if (!key.StartsWith(prefix, StringComparison.Ordinal))
        {
            throw Broken(operation, bucket, $"'{Quote(key)}' does not begin with what was asked for");
        }

        return last is null || Encoding.UTF8.GetBytes(last).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(key)) < 0
            ? key
            : throw Broken(operation, bucket, $"'{Quote(key)}' comes after '{Quote(last)}'");
    }

    private static ReplicaException Broken(string operation, ReplicaBucket bucket, string why) =>
        new($"{operation}, {bucket.Location}: the store's list cannot be trusted, {why}.", isTransient: true);

    private static string Quote(string? key) =>
        new([.. (key ?? "").Take(200).Select(c => char.IsControl(c) ? '?' : c)]);
}
