using Amazon.Runtime;

namespace Litestream.S3;

/// <summary>Finds the keys: options, then the environment in AWS's names and Litestream's, then whatever the SDK finds.</summary>
internal static class S3Credentials
{
    /// <summary>The keys that are set somewhere plain; null leaves it to the SDK's chain (profile, web identity, container, instance).</summary>
    public static AWSCredentials? Find(S3ReplicaOptions options) =>
        FromOptions(options)
        ?? FromEnvironment("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        ?? FromEnvironment("LITESTREAM_ACCESS_KEY_ID", "LITESTREAM_SECRET_ACCESS_KEY", "LITESTREAM_SESSION_TOKEN");

    /// <summary>True if the options hold keys.</summary>
    public static bool InOptions(S3ReplicaOptions options) =>
        !string.IsNullOrEmpty(options.AccessKeyId) || !string.IsNullOrEmpty(options.SecretAccessKey);

    /// <summary>What is wrong with the keys in the options; null if nothing is.</summary>
    public static (string Option, string Message)? Problem(S3ReplicaOptions options) =>
        (string.IsNullOrEmpty(options.AccessKeyId), string.IsNullOrEmpty(options.SecretAccessKey), string.IsNullOrEmpty(options.SessionToken)) switch
        {
            (false, true, _) => (nameof(options.SecretAccessKey), "is missing, though AccessKeyId is set; set both, or neither to take them from the environment"),
            (true, false, _) => (nameof(options.AccessKeyId), "is missing, though SecretAccessKey is set; set both, or neither to take them from the environment"),
            (true, true, false) => (nameof(options.SessionToken), "is set without AccessKeyId and SecretAccessKey; it is part of temporary keys"),
            _ => null,
        };

    private static AWSCredentials? FromOptions(S3ReplicaOptions options) =>
        InOptions(options) ? Create(options.AccessKeyId!, options.SecretAccessKey!, options.SessionToken) : null;

    private static AWSCredentials? FromEnvironment(string accessKeyId, string secretAccessKey, string sessionToken) =>
        Environment.GetEnvironmentVariable(accessKeyId) is { Length: > 0 } id
        && Environment.GetEnvironmentVariable(secretAccessKey) is { Length: > 0 } secret
            ? Create(id, secret, Environment.GetEnvironmentVariable(sessionToken))
            : null;

    // A key that was pasted with a line's end or a space makes a wrong signature, and nobody sees why.
    private static AWSCredentials Create(string id, string secret, string? token) =>
        string.IsNullOrWhiteSpace(token)
            ? new BasicAWSCredentials(id.Trim(), secret.Trim())
            : new SessionAWSCredentials(id.Trim(), secret.Trim(), token.Trim());
}
