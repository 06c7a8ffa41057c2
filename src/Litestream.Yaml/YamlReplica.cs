namespace Litestream.Yaml;

/// <summary>One entry of <c>replicas</c>. What is null was not given.</summary>
internal sealed class YamlReplica
{
    public const string File = "file";
    public const string S3 = "s3";

    public long Line { get; init; }

    /// <summary>The name, or else the type: as Litestream names it.</summary>
    public string Name => GivenName ?? Type;

    public string? GivenName { get; set; }

    /// <summary>file, s3, or what is not supported: the URL's scheme wins over what is given.</summary>
    public string Type => Url is { } url && url.IndexOf("://", StringComparison.Ordinal) is > 0 and var end
        ? url[..end].ToLowerInvariant()
        : GivenType ?? File;

    public string? GivenType { get; set; }

    public string? Path { get; set; }

    public string? Url { get; set; }

    public TimeSpan? Retention { get; set; }

    public TimeSpan? RetentionCheckInterval { get; set; }

    public TimeSpan? SyncInterval { get; set; }

    public TimeSpan? SnapshotInterval { get; set; }

    public TimeSpan? ValidationInterval { get; set; }

    public string? Bucket { get; set; }

    public string? Region { get; set; }

    public string? Endpoint { get; set; }

    public bool? ForcePathStyle { get; set; }

    public bool SkipVerify { get; set; }

    public string? AccessKeyId { get; set; }

    public string? SecretAccessKey { get; set; }

    /// <summary>True if <c>age</c> names recipients or identities.</summary>
    public bool IsEncrypted { get; set; }
}
