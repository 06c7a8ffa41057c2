using System.Runtime.CompilerServices;
using Amazon.S3;
using Litestream.S3.Requests;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.S3;

/// <summary>
/// A replica in a bucket of AWS S3 or of any store that speaks its protocol. Safe for concurrent calls. One call makes the
/// requests it needs and none again; it is the caller who retries.
/// </summary>
public sealed class S3ReplicaClient : IReplicaClient, IReplicaStoreNotes
{
    private readonly ReplicaBucket _bucket;
    private readonly bool _ownsBucket;
    private readonly string _root;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeletion _deletion;
    private int _disposed;

    /// <summary>Prepares a client; nothing is sent.</summary>
    /// <param name="url">The replica's URL: <c>s3://bucket/path</c>, one of a known store such as
    /// <c>s3://bucket.s3.eu-central-003.backblazeb2.com/path</c>, or with <c>?endpoint=…</c> any other.</param>
    /// <param name="options">Keys, region and whatever else the URL does not say; null takes it from the environment.</param>
    /// <exception cref="ArgumentException">The URL or the options make no sense; says what and how to mend it.</exception>
#pragma warning disable RS0027 // The other constructor differs in its first parameter: no call fits both.
    public S3ReplicaClient(string url, S3ReplicaOptions? options = null)
#pragma warning restore RS0027
        : this(S3Settings.Resolve(url, options), registered: null, TimeProvider.System, NullLogger.Instance)
    {
    }

    /// <summary>Prepares a client that sends through the application's own; its address, keys, retries and limits are used as they are.</summary>
    /// <param name="client">The application's client, which is not disposed.</param>
    /// <param name="url">The replica's URL: <c>s3://bucket/path</c>.</param>
    /// <param name="options">What is not the client's: the size of parts and the limits.</param>
    /// <exception cref="ArgumentException">The URL or the options make no sense; says what and how to mend it.</exception>
    public S3ReplicaClient(IAmazonS3 client, string url, S3ReplicaOptions? options)
        : this(S3Settings.Resolve(url, options), NotNull(client), TimeProvider.System, NullLogger.Instance)
    {
    }

    private S3ReplicaClient(S3Settings settings, IAmazonS3? registered, TimeProvider timeProvider, ILogger logger)
        : this(settings.Location, new ReplicaBucket(settings.Location, settings.Options, registered, timeProvider, logger), ownsBucket: true)
    {
    }

    internal S3ReplicaClient(S3Location location, ReplicaBucket bucket, bool ownsBucket)
    {
        _bucket = bucket;
        _ownsBucket = ownsBucket;
        _root = location.Root;
        Location = location.ToUri();
        _writer = new ObjectWriter(bucket, location);
        _deletion = new ObjectDeletion(bucket, location);
    }

    /// <inheritdoc/>
    public Uri Location { get; }

    internal ReplicaBucket Bucket => _bucket;

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        S3Key.CheckPrefix(prefix);
        CheckNotDisposed();
        await foreach (var page in BucketListing.PagesAsync(_bucket, _root + prefix, delimiter: null, cancellationToken).ConfigureAwait(false))
        {
            foreach (var found in page.Objects)
            {
                var key = found.Key[_root.Length..];
                if (S3Key.IsKey(key) && key != ConditionalCreation.TrialKey)
                {
                    yield return found with { Key = key };
                }
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListPrefixesAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        S3Key.CheckFolderPrefix(prefix);
        CheckNotDisposed();
        var names = new List<string>();
        await foreach (var page in BucketListing.PagesAsync(_bucket, _root + prefix, delimiter: "/", cancellationToken).ConfigureAwait(false))
        {
            names.AddRange(page.Prefixes.Select(found => found[(_root.Length + prefix.Length)..^1]).Where(S3Key.IsKey));
        }

        // With their slashes, as the store sorts them, "a-b/" comes before "a/".
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            yield return name;
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        S3Key.Check(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        CheckNotDisposed();
        return ObjectReader.OpenAsync(_bucket, _root, key, offset, length, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The time in the answer is the store's clock when it answered; a listing may show one that is a little earlier, since
    /// asking for it would double the requests.
    /// </remarks>
    public Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        S3Key.Check(key);
        ArgumentNullException.ThrowIfNull(seekableContent);
        if (!seekableContent.CanSeek)
        {
            throw new ArgumentException("The content must be seekable: it is read once for its signature and once to be sent.", nameof(seekableContent));
        }

        CheckNotDisposed();
        return _writer.WriteAsync(key, seekableContent, mode, cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            S3Key.Check(key);
        }

        CheckNotDisposed();
        return _deletion.DeleteAsync(keys, cancellationToken);
    }

    /// <inheritdoc/>
    Task<IReadOnlyList<string>> IReplicaStoreNotes.DescribeStoreAsync(CancellationToken cancellationToken) =>
        StoreNotes.DescribeAsync(_bucket, _root, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0 && _ownsBucket)
        {
            await _bucket.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The replica by its location, which holds no secrets.</summary>
    public override string ToString() => Location.ToString();

    private void CheckNotDisposed() => ObjectDisposedException.ThrowIf(_disposed != 0, this);

    private static IAmazonS3 NotNull(IAmazonS3 client)
    {
        ArgumentNullException.ThrowIfNull(client);
        return client;
    }
}
