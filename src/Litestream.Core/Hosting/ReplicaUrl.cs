namespace Litestream.Hosting;

/// <summary>
/// The little that the host reads in a replica's URL; the rest is for the store's own package. URLs are kept as written:
/// <see cref="Uri"/> would lower-case bucket names and decode escapes.
/// </summary>
internal static class ReplicaUrl
{
    /// <summary>The scheme of a folder that is written as a plain path.</summary>
    public const string FileScheme = "file";

    // Schemes with a package of their own: what to add, and the call that registers it.
    private static readonly Dictionary<string, (string Package, string Call)> Packages = new(StringComparer.Ordinal)
    {
        ["s3"] = ("Litestream.S3", ".AddS3()"),
    };

    // Stores that Litestream has and this library does not.
    private static readonly HashSet<string> NotSupportedYet =
        new(StringComparer.Ordinal) { "abs", "gcs", "gs", "sftp", "nats", "webdav", "webdavs", "oss" };

    /// <summary>The scheme in lower case; <see cref="FileScheme"/> for a plain path.</summary>
    public static string Scheme(string url)
    {
        var end = url.IndexOf("://", StringComparison.Ordinal);
        return end < 0 ? FileScheme : url[..end].ToLowerInvariant();
    }

    /// <summary>A client's location for the log, without user information and query, whatever the client put there.</summary>
    public static string WithoutSecrets(Uri location) =>
        location.IsFile ? location.LocalPath : location.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <summary>A client's location without user information and query.</summary>
    public static Uri Bare(Uri location) => location.IsFile ? location : new Uri(WithoutSecrets(location));

    /// <summary>What is wrong with the URL as far as it can be told without the store; null if nothing is.</summary>
    /// <param name="url">The URL as written. The answer does not repeat it, since it may hold secrets.</param>
    /// <param name="served">The schemes that the registered factories serve.</param>
    public static string? Problem(string url, IReadOnlyCollection<string> served)
    {
        if (string.IsNullOrWhiteSpace(url))
        {
            return "is missing; give a folder, or a URL such as s3://bucket/path";
        }

        if (!url.Contains("://", StringComparison.Ordinal))
        {
            return PlainPathProblem(url, served);
        }

        var scheme = Scheme(url);
        if (served.Contains(scheme))
        {
            return null;
        }

        if (Packages.TryGetValue(scheme, out var package))
        {
            return $"no store is registered for '{scheme}://'; add the package {package.Package} and call {package.Call} on what AddLitestream returns";
        }

        var known = string.Join(", ", served.Union(Packages.Keys).Order(StringComparer.Ordinal));
        return NotSupportedYet.Contains(scheme)
            ? $"stores of the kind '{scheme}' are not supported yet; there are: {known}"
            : $"the scheme '{(IsScheme(scheme) ? scheme : "…")}' is unknown; there are: {known}";
    }

    private static string? PlainPathProblem(string url, IReadOnlyCollection<string> served)
    {
        // One letter before the colon is a Windows drive.
        var colon = url.IndexOf(':', StringComparison.Ordinal);
        var scheme = colon > 1 ? url[..colon].ToLowerInvariant() : "";
        if (served.Contains(scheme) || Packages.ContainsKey(scheme) || NotSupportedYet.Contains(scheme))
        {
            return $"looks like a URL whose slashes are missing; write {scheme}://…";
        }

        return url.Contains("AccountKey=", StringComparison.OrdinalIgnoreCase) || ConnectionString.Looks(url)
            ? "is a connection string; give a folder, or a URL such as s3://bucket/path"
            : null;
    }

    // What stands before :// may be anything, a secret included; only what can be a scheme is repeated.
    private static bool IsScheme(string text) =>
        text.Length is > 0 and <= 20 && char.IsAsciiLetter(text[0])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
}
