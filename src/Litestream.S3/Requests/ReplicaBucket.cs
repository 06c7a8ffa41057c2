using Amazon.Runtime;
using Amazon.S3;
using Litestream.S3.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Litestream.S3.Requests;

/// <summary>
/// One bucket as one set of keys reaches it: connections, limits, and what was learnt of the store. Shared by all replicas
/// in it. <see cref="CallAsync"/> is the only way to the store: one call is one request, and every failure leaves as ours.
/// </summary>
internal sealed class ReplicaBucket : IAsyncDisposable
{
    // Below this many bytes in a second an upload is given up even though it moves.
    private const long SlowestBytesPerSecond = 4 << 10;
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMinutes(2);

    private readonly S3ReplicaOptions _options;
    private readonly RequestGate _gate;
    private readonly WireClientFactory? _http;
    private readonly BucketRegion? _region;
    private readonly AWSCredentials? _credentials;

    // Guards the making of _client.
    private readonly SemaphoreSlim _clientLock = new(1, 1);
    private IAmazonS3? _client;

    /// <summary>Prepares the way to a bucket; nothing is sent.</summary>
    /// <param name="location">The bucket; its root is not part of this.</param>
    /// <param name="options">Keys and limits.</param>
    /// <param name="registered">The application's own client, used as it is and not disposed.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">The log.</param>
    public ReplicaBucket(S3Location location, S3ReplicaOptions options, IAmazonS3? registered, TimeProvider timeProvider, ILogger logger)
    {
        Location = location;
        TimeProvider = timeProvider;
        Logger = logger;
        _options = options;
        _credentials = registered is null ? S3Credentials.Find(options) : null;
        var concurrent = options.MaxConcurrentRequests ?? location.Dialect.MaxConcurrentRequests;
        _gate = new RequestGate(concurrent, options.MaxRequestsPerSecond ?? location.Dialect.MaxRequestsPerSecond, timeProvider);
        DownloadLimit = options.DownloadBytesPerSecond is { } download ? new BandwidthLimit(download, timeProvider) : null;
        var secrets = Secrets(options, _credentials);
        Failure = new S3Failure(location, secrets);
        _client = registered;
        if (registered is null)
        {
            var upload = options.UploadBytesPerSecond is { } limit ? new BandwidthLimit(limit, timeProvider) : null;

            // More connections than slots: bodies are still read while further requests begin.
            _http = new WireClientFactory(new WireHandler(Connections.Create(concurrent * 4), location.Dialect, upload, timeProvider));
            _region = location.Region is null ? new BucketRegion(location.Bucket, _http) : null;
        }

        Creation = new ConditionalCreation(this);
    }

    /// <summary>The bucket; region and root may be missing.</summary>
    public S3Location Location { get; private set; }

    public TimeProvider TimeProvider { get; }

    public ILogger Logger { get; }

    public TimeSpan RequestTimeout => _options.RequestTimeout;

    public BandwidthLimit? DownloadLimit { get; }

    public S3Failure Failure { get; private set; }

    public ConditionalCreation Creation { get; }

    /// <summary>False once the store has refused a batch of deletes.</summary>
    public bool BatchDelete { get; set; } = true;

    /// <summary>How many requests have been sent.</summary>
    public long RequestsSent => Interlocked.Read(ref _requestsSent);

    private long _requestsSent;

    /// <summary>Makes one call of the SDK. It is one request on the wire.</summary>
    /// <param name="operation">What is tried, for messages: <c>Reading 'KEY'</c>.</param>
    /// <param name="key">The key, for the log.</param>
    /// <param name="bodyBytes">How much is sent, which may take its time.</param>
    /// <param name="send">The call.</param>
    /// <param name="handled">Failures that the caller deals with, thrown as they are.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<T> CallAsync<T>(
        string operation,
        string? key,
        long bodyBytes,
        Func<IAmazonS3, WireCall, Task<T>> send,
        Func<Exception, bool>? handled,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var client = _client ?? await ConnectAsync(operation, cancellationToken).ConfigureAwait(false);
        await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        using var call = new WireCall(RequestTimeout, TotalTimeout(bodyBytes), TimeProvider, cancellationToken);
        var begin = TimeProvider.GetTimestamp();
        var answered = false;
        try
        {
            var result = await send(client, call).ConfigureAwait(false);
            answered = true;
            Log.RequestDone(Logger, operation, key, Location.Bucket, TimeProvider.GetElapsedTime(begin));
            return result;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested || e is not OperationCanceledException)
        {
            answered = call.Status is not null && (int)call.Status < 500;
            if (handled?.Invoke(e) is true)
            {
                throw;
            }

            var failure = call.TimedOut ? Failure.TimedOut(e, operation, RequestTimeout) : Failure.From(e, operation, call);
            Log.RequestFailed(Logger, operation, key, Location.Bucket, TimeProvider.GetElapsedTime(begin), failure.Message);
            throw failure;
        }
        finally
        {
            Interlocked.Add(ref _requestsSent, call.Sent);
            _gate.Leave(answered, call.RetryAfter);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (_http is not null)
        {
            _client?.Dispose();
            _http.Dispose();
        }

        _gate.Dispose();
        _clientLock.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<IAmazonS3> ConnectAsync(string operation, CancellationToken cancellationToken)
    {
        await _clientLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_client is not null)
            {
                return _client;
            }

            if (_region is not null)
            {
                await FindRegionAsync(operation, _region, cancellationToken).ConfigureAwait(false);
            }

            var config = WireConfig.Create(Location, _http!);
            return _client = _credentials is null ? new WireClient(config) : new WireClient(_credentials, config);
        }
        finally
        {
            _clientLock.Release();
        }
    }

    private async Task FindRegionAsync(string operation, BucketRegion lookup, CancellationToken cancellationToken)
    {
        await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        using var call = new WireCall(RequestTimeout, RequestTimeout * 2, TimeProvider, cancellationToken);
        try
        {
            var region = await lookup.FindAsync(call.Token).ConfigureAwait(false);
            Location = Location with { Region = region };
            Failure = new S3Failure(Location, Secrets(_options, _credentials));
            Log.RegionFound(Logger, Location.ToString(), region);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested || e is not OperationCanceledException)
        {
            throw call.TimedOut ? Failure.TimedOut(e, operation, RequestTimeout) : Failure.From(e, operation, call);
        }
        finally
        {
            Interlocked.Add(ref _requestsSent, call.Sent);
            _gate.Leave(call.Status is not null, call.RetryAfter);
        }
    }

    private TimeSpan TotalTimeout(long bodyBytes)
    {
        var slowest = Math.Min(_options.UploadBytesPerSecond / 2 ?? SlowestBytesPerSecond, SlowestBytesPerSecond);
        return LongestAnswer + RequestTimeout + TimeSpan.FromSeconds((double)bodyBytes / Math.Max(1, slowest));
    }

    private static List<string> Secrets(S3ReplicaOptions options, AWSCredentials? credentials)
    {
        // Keys that the SDK finds in its chain never pass through here, and it does not repeat them.
        var keys = credentials?.GetCredentials();
        string?[] all = [options.SecretAccessKey, options.SessionToken, keys?.SecretKey, keys?.Token];
        return [.. all.Where(secret => !string.IsNullOrWhiteSpace(secret)).Select(secret => secret!.Trim()).Distinct()];
    }
}
