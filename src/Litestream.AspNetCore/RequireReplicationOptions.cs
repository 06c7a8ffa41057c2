using Microsoft.AspNetCore.Http;

namespace Litestream;

/// <summary>How a response waits for the replicas. Set once; not changed while requests run.</summary>
public sealed class RequireReplicationOptions
{
    /// <summary>How long a response is held at most. Default: 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>What the client gets when the time is over, or when it is no use to wait. Default: 503.</summary>
    public UnreplicatedResponse Unreplicated { get; set; } = UnreplicatedResponse.ServiceUnavailable;

    /// <summary>
    /// The header for <see cref="UnreplicatedResponse.Header"/>: <c>true</c> on a response whose changes are on the
    /// replicas, <c>false</c> on one whose are not, none where nothing was changed. Default: <c>Litestream-Replicated</c>.
    /// </summary>
    public string HeaderName { get; set; } = "Litestream-Replicated";

    /// <summary>
    /// True to let GET, HEAD, OPTIONS and TRACE through without a look. For applications in which they change nothing that
    /// anybody relies on: they are then never held for what another request committed meanwhile. Default: false.
    /// </summary>
    public bool IgnoreSafeMethods { get; set; }

    /// <summary>The names of the databases whose changes count. Default: none named, which means all.</summary>
    public IList<string> Databases { get; } = [];

    internal bool Ignores(string method) =>
        IgnoreSafeMethods
        && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method));

    internal static RequireReplicationOptions Create(Action<RequireReplicationOptions>? configure)
    {
        var options = new RequireReplicationOptions();
        configure?.Invoke(options);
        if (options.Timeout <= TimeSpan.Zero || options.Timeout.TotalMilliseconds >= uint.MaxValue)
        {
            throw new ArgumentException(
                $"{nameof(RequireReplicationOptions)}.{nameof(Timeout)} is {options.Timeout}: it has to be positive, and less than 49 days.", nameof(configure));
        }

        if (!Enum.IsDefined(options.Unreplicated))
        {
            throw new ArgumentException(
                $"{nameof(RequireReplicationOptions)}.{nameof(Unreplicated)} is {options.Unreplicated}, which is none of its values.", nameof(configure));
        }

        if (string.IsNullOrWhiteSpace(options.HeaderName))
        {
            throw new ArgumentException($"{nameof(RequireReplicationOptions)}.{nameof(HeaderName)} is empty.", nameof(configure));
        }

        return options;
    }
}
