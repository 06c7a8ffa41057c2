using Microsoft.AspNetCore.Http;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// Keeps other sites from using the rights of whoever looks at the page. A browser tells where a request comes from, and lets no
/// other site set a header of our own.
/// </summary>
internal static class SameOrigin
{
    /// <summary>What whoever changes something has to send.</summary>
    public const string Header = "Litestream-Page";

    /// <summary>Whether another site made the browser send this.</summary>
    public static bool IsFromElsewhere(HttpRequest request)
    {
        // Browsers send it to https and to this machine, whatever script wants; a proxy does not change it.
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
        {
            return site is not ("same-origin" or "none");
        }

        // Over plain http there is this one, with all that is not a GET.
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, WithoutDefaultPort(request), StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Whether it is certain that the page, or a program, sent this.</summary>
    public static bool IsOurs(HttpRequest request) => request.Headers[Header] == "1" && !IsFromElsewhere(request);

    private static string WithoutDefaultPort(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var own) ? own.Authority : "";
}
