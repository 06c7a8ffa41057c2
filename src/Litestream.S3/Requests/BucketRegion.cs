namespace Litestream.S3.Requests;

/// <summary>Asks AWS where a bucket lies. It answers this to anybody, in a header, also when it refuses all else.</summary>
internal sealed class BucketRegion(string bucket, WireClientFactory http)
{
    private const string Home = "us-east-1";

    public async Task<string> FindAsync(CancellationToken cancellationToken)
    {
        if (bucket.StartsWith("arn:", StringComparison.Ordinal))
        {
            return bucket.Split(':') is [_, _, _, { Length: > 0 } region, ..] ? region : Home;
        }

        using var request = new HttpRequestMessage(HttpMethod.Head, new Uri($"https://s3.{Home}.amazonaws.com/{bucket}"));
        using var response = await http.CreateHttpClient(null!)
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        return response.Headers.TryGetValues("x-amz-bucket-region", out var regions) ? regions.First() : Home;
    }
}
