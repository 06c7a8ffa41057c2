namespace Litestream.S3;

/// <summary>
/// How a bucket is reached. Everything can be left out: the URL usually says enough, and keys come from the
/// environment. What is set here wins over the URL. Nothing of it appears in <see cref="ToString"/>.
/// </summary>
public sealed class S3ReplicaOptions
{
    /// <summary>The region of the bucket, such as <c>eu-central-1</c>.</summary>
    /// <value>
    /// Default: null. Then the URL's, the store's only one, <c>us-east-1</c> where there is an endpoint, and on AWS
    /// <c>AWS_REGION</c>, or the region that AWS names when it is asked where the bucket lies (one request at start).
    /// </value>
    public string? Region { get; set; }

    /// <summary>Where the store answers, such as <c>https://minio.example.com:9000</c>. Without a scheme, https is meant; on this machine http.</summary>
    /// <value>Default: null, what the URL says, else AWS.</value>
    public string? Endpoint { get; set; }

    /// <summary>Whether the bucket stands in the path of requests (<c>host/bucket</c>) and not in the host's name.</summary>
    /// <value>Default: null, what suits the store: false on AWS, unless the bucket's name has dots, true elsewhere.</value>
    public bool? ForcePathStyle { get; set; }

    /// <summary>The access key. To be set together with <see cref="SecretAccessKey"/>.</summary>
    /// <value>
    /// Default: null. Then, in this order: an <c>IAmazonS3</c> from the application's services (only for a bucket on AWS),
    /// <c>AWS_ACCESS_KEY_ID</c> and <c>AWS_SECRET_ACCESS_KEY</c>, <c>LITESTREAM_ACCESS_KEY_ID</c> and
    /// <c>LITESTREAM_SECRET_ACCESS_KEY</c>, and the rest of the AWS chain (profile, web identity, container, instance).
    /// </value>
    public string? AccessKeyId { get; set; }

    /// <summary>The secret that belongs to <see cref="AccessKeyId"/>.</summary>
    /// <value>Default: null.</value>
    public string? SecretAccessKey { get; set; }

    /// <summary>The token of temporary keys.</summary>
    /// <value>Default: null.</value>
    public string? SessionToken { get; set; }

    /// <summary>
    /// An object of up to this many bytes goes up in one request, a larger one in parts of this size, or of a larger one
    /// where 10 000 parts would not be enough.
    /// </summary>
    /// <value>Default: 16 MiB. At least 5 MiB and at most 5 GiB, which are the limits of S3.</value>
    public long PartSize { get; set; } = 16L << 20;

    /// <summary>How many requests are under way at once, over all replicas in the same bucket.</summary>
    /// <value>Default: null, what suits the store: 2 on Cloudflare R2, 16 elsewhere.</value>
    public int? MaxConcurrentRequests { get; set; }

    /// <summary>How many requests are begun in a second, over all replicas in the same bucket, whatever goes wrong.</summary>
    /// <value>Default: null, what suits the store: 80 on Filebase, 200 elsewhere.</value>
    public int? MaxRequestsPerSecond { get; set; }

    /// <summary>How many bytes are sent in a second, over all replicas in the same bucket.</summary>
    /// <value>Default: null, no limit.</value>
    public long? UploadBytesPerSecond { get; set; }

    /// <summary>How many bytes are received in a second, over all replicas in the same bucket.</summary>
    /// <value>Default: null, no limit.</value>
    public long? DownloadBytesPerSecond { get; set; }

    /// <summary>A request that makes no progress for this long is given up; the caller tries again.</summary>
    /// <value>Default: 30 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether the host tries out at its start, once per bucket and in the background, what the store can do, and
    /// reports in the log what it cannot. About twenty small requests.
    /// </summary>
    /// <value>Default: true.</value>
    public bool ProbeOnStart { get; set; } = true;

    /// <summary>Says nothing of the values, some of which are secret.</summary>
    public override string ToString() => nameof(S3ReplicaOptions);

    internal S3ReplicaOptions Copy() => (S3ReplicaOptions)MemberwiseClone();
}
