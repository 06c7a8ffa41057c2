namespace Litestream;

/// <summary>What a client gets whose change could not be confirmed on the replicas in time. The change itself stays.</summary>
public enum UnreplicatedResponse
{
    /// <summary>
    /// 503 with ProblemDetails instead of the response, which is discarded. A response that has begun by then cannot be
    /// taken back: its connection is aborted, so that it does not look complete.
    /// </summary>
    ServiceUnavailable,

    /// <summary>
    /// The response as it is, with the header <see cref="RequireReplicationOptions.HeaderName"/> saying <c>false</c>. The
    /// client decides.
    /// </summary>
    Header,
}
