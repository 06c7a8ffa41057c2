namespace Litestream.S3;

/// <summary>
/// The real S3 server that tests run against, named by environment variables: <c>S3_ENDPOINT</c>, <c>S3_BUCKET</c>, which
/// exists, <c>AWS_ACCESS_KEY_ID</c>, <c>AWS_SECRET_ACCESS_KEY</c> and, if it matters, <c>AWS_REGION</c>. docs/stores.md shows
/// how to start one.
/// </summary>
internal static class RealServer
{
    public static string? Endpoint { get; } = Variable("S3_ENDPOINT");

    public static string Bucket => Variable("S3_BUCKET") ?? throw new InvalidOperationException("S3_BUCKET is not set.");

    public static string AccessKeyId => Variable("AWS_ACCESS_KEY_ID") ?? throw new InvalidOperationException("AWS_ACCESS_KEY_ID is not set.");

    public static string SecretAccessKey => Variable("AWS_SECRET_ACCESS_KEY") ?? throw new InvalidOperationException("AWS_SECRET_ACCESS_KEY is not set.");

    /// <summary>Null if there is a server, or if there has to be one.</summary>
    public static string? WhatIsMissing { get; } =
        Endpoint is not null || string.Equals(Variable("CI"), "true", StringComparison.OrdinalIgnoreCase)
            ? null
            : "no real S3 server is named by S3_ENDPOINT and S3_BUCKET (docs/stores.md)";

    public static S3ReplicaOptions Options(string? endpoint = null) => new()
    {
        Endpoint = endpoint ?? Endpoint ?? throw new InvalidOperationException("S3_ENDPOINT is not set."),
        Region = Variable("AWS_REGION"),
        AccessKeyId = AccessKeyId,
        SecretAccessKey = SecretAccessKey,
    };

    /// <summary>A place in the bucket of a test's own.</summary>
    public static string NewUrl(string name) => $"s3://{Bucket}/litestream-net-tests/{name}/{Guid.NewGuid():N}";

    /// <summary>Deletes all that a test wrote.</summary>
    public static async Task CleanAsync(string url)
    {
        await using var client = new S3ReplicaClient(url, Options());
        await client.DeleteAsync(await client.ListAsync("").Select(found => found.Key).ToListAsync());
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
