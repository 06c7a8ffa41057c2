using Amazon.S3;
using Litestream.S3.Configuration;
using Litestream.S3.Diagnostics;
using Litestream.S3.Requests;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Litestream.S3;

/// <summary>Makes the clients of all <c>s3://</c> replicas; those in one bucket with the same settings share connections and limits.</summary>
internal sealed class S3ReplicaClientFactory(
    IEnumerable<S3OptionsChange> changes,
    IConfiguration? application,
    IAmazonS3? registered,
    TimeProvider timeProvider,
    ILogger<S3ReplicaClient> logger) : IReplicaClientFactory, IAsyncDisposable, IDisposable
{
    // Guards _buckets and _clients.
    private readonly Lock _lock = new();
    private readonly Dictionary<BucketIdentity, ReplicaBucket> _buckets = [];
    private readonly Dictionary<BucketIdentity, S3ReplicaClient> _toProbe = [];

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Schemes { get; } = [S3Url.Scheme];

    /// <summary>One client for each bucket that is to be tried out.</summary>
    public IReadOnlyList<S3ReplicaClient> ClientsToProbe
    {
        get
        {
            lock (_lock)
            {
                return [.. _toProbe.Values];
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="OptionsValidationException">The settings are wrong; each failure has its configuration path.</exception>
    public IReplicaClient Create(ReplicaClientContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var errors = new List<string>();
        var options = S3Options.Read(context, application, changes, errors);
        var settings = S3Settings.Resolve(context.Url, options, out var problems);
        var at = context.Configuration?.Path ?? $"Litestream:Databases:{context.DatabaseName}:Replicas:{context.ReplicaName}";
        errors.AddRange(problems.Select(problem =>
            problem.Option == "Url" ? $"{at}:Url: {problem.Message}" : $"{at}:{S3Options.Section}:{problem.Option}: {problem.Message}"));
        return errors.Count > 0
            ? throw new OptionsValidationException(nameof(S3ReplicaOptions), typeof(S3ReplicaOptions), errors)
            : Create(settings!);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        List<ReplicaBucket> buckets;
        lock (_lock)
        {
            buckets = [.. _buckets.Values];
            _buckets.Clear();
            _toProbe.Clear();
        }

        foreach (var bucket in buckets)
        {
            await bucket.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private S3ReplicaClient Create(S3Settings settings)
    {
        var shared = UsesRegistered(settings) ? registered : null;
        var identity = new BucketIdentity(settings, shared is not null);
        lock (_lock)
        {
            if (!_buckets.TryGetValue(identity, out var bucket))
            {
                _buckets[identity] = bucket = new ReplicaBucket(settings.Location, settings.Options, shared, timeProvider, logger);
            }

            var client = new S3ReplicaClient(settings.Location, bucket, ownsBucket: false);
            if (shared is not null)
            {
                Log.RegisteredClientUsed(logger, client.Location);
            }

            if (settings.Options.ProbeOnStart)
            {
                _toProbe.TryAdd(identity, client);
            }

            return client;
        }
    }

    // The application's client knows one store. It is meant only where the replica does not say anything else.
    private bool UsesRegistered(S3Settings settings) =>
        registered is not null
        && !S3Credentials.InOptions(settings.Options)
        && settings.Location.Endpoint is null
        && (settings.Options.Region is null || settings.Options.Region == registered.Config.RegionEndpoint?.SystemName);

    // What two replicas must have in common to share connections. Secrets are compared here and shown nowhere.
    private readonly record struct BucketIdentity(
        string Bucket, Uri? Endpoint, string? Region, bool PathStyle, string? AccessKeyId, string? SecretAccessKey, string? SessionToken, bool Registered,
        (int?, int?, long?, long?, TimeSpan) Limits)
    {
        public BucketIdentity(S3Settings settings, bool registered)
            : this(
                settings.Location.Bucket,
                settings.Location.Endpoint,
                settings.Location.Region,
                settings.Location.PathStyle,
                settings.Options.AccessKeyId,
                settings.Options.SecretAccessKey,
                settings.Options.SessionToken,
                registered,
                (settings.Options.MaxConcurrentRequests, settings.Options.MaxRequestsPerSecond,
                    settings.Options.UploadBytesPerSecond, settings.Options.DownloadBytesPerSecond, settings.Options.RequestTimeout))
        {
        }

        public override string ToString() => Bucket;
    }
}
