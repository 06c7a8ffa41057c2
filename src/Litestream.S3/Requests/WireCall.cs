using System.Net;

namespace Litestream.S3.Requests;

/// <summary>
/// One call of the SDK, as the HTTP handler below it sees it: the handler finds it by the flow of the call, keeps its
/// clock going while bytes move, and leaves what the SDK does not hand on.
/// </summary>
internal sealed class WireCall : IDisposable
{
    private static readonly AsyncLocal<WireCall?> Flow = new();

    private readonly TimeSpan _idleTimeout;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _total;
    private readonly CancellationTokenSource _linked;

    /// <summary>Begins a call; it is <see cref="Current"/> in all that the caller goes on to call.</summary>
    /// <param name="idleTimeout">How long nothing may move.</param>
    /// <param name="totalTimeout">How long it may take altogether.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public WireCall(TimeSpan idleTimeout, TimeSpan totalTimeout, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        _idleTimeout = idleTimeout;
        _idle = new CancellationTokenSource(idleTimeout, timeProvider);
        _total = new CancellationTokenSource(totalTimeout, timeProvider);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _idle.Token, _total.Token);
        Flow.Value = this;
    }

    public static WireCall? Current => Flow.Value;

    public CancellationToken Token => _linked.Token;

    /// <summary>The call took too long, rather than that its caller gave up.</summary>
    public bool TimedOut => _idle.IsCancellationRequested || _total.IsCancellationRequested;

    /// <summary>How many requests were sent.</summary>
    public int Sent { get; private set; }

    public HttpStatusCode? Status { get; private set; }

    /// <summary>When the store answered, by its own clock.</summary>
    public DateTimeOffset? Date { get; private set; }

    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>Where AWS says the bucket lies.</summary>
    public string? BucketRegion { get; private set; }

    /// <summary>Something moved: the idle clock starts again.</summary>
    public void Touch() => _idle.CancelAfter(_idleTimeout);

    public void Sending() => Sent++;

    public void Answered(HttpResponseMessage response, TimeProvider timeProvider)
    {
        Touch();
        Status = response.StatusCode;
        Date = response.Headers.Date;
        BucketRegion = response.Headers.TryGetValues("x-amz-bucket-region", out var regions) ? regions.FirstOrDefault() : null;
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
        {
            var asked = response.Headers.RetryAfter;
            RetryAfter = asked?.Delta ?? (asked?.Date is { } date ? date - (Date ?? timeProvider.GetUtcNow()) : TimeSpan.Zero);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The call is over for those who come after it in the same flow.
        if (Flow.Value == this)
        {
            Flow.Value = null;
        }

        _linked.Dispose();
        _idle.Dispose();
        _total.Dispose();
    }
}
