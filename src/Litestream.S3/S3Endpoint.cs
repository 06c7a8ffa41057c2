using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Litestream.S3;

/// <summary>The address of a store, as it is written in options and URLs.</summary>
internal static class S3Endpoint
{
    /// <summary>Reads an endpoint. No message repeats the text, which may hold secrets.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Uri? endpoint, [NotNullWhen(false)] out string? problem)
    {
        text = text.Trim().TrimEnd('/');
        var bare = !text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(bare ? $"https://{text}" : text, UriKind.Absolute, out endpoint) || endpoint.Host.Length == 0)
        {
            problem = "is no address; write https://host or https://host:port";
            return false;
        }

        if (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps)
        {
            problem = "is neither an http:// nor an https:// address";
            return false;
        }

        if (endpoint.UserInfo.Length > 0)
        {
            problem = "holds user information before an '@'; set AccessKeyId and SecretAccessKey instead";
            return false;
        }

        if (endpoint.Query.Length > 0 || endpoint.Fragment.Length > 0)
        {
            problem = "holds a query or a fragment; write https://host or https://host:port";
            return false;
        }

        // A server on this machine rarely has a certificate, and nothing leaves it.
        if (bare && IsThisMachine(endpoint.Host))
        {
            endpoint = new Uri($"http://{text}");
        }

        problem = null;
        return true;
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
