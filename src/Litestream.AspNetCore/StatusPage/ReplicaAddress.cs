namespace Litestream.AspNetCore.StatusPage;

/// <summary>The URL of a replica as the command line takes it, without what is nobody's business.</summary>
internal static class ReplicaAddress
{
    // What a place is found by. Everything else in a query may be a secret.
    private static readonly string[] Harmless = ["endpoint", "region", "forcePathStyle", "part-size"];

    /// <param name="url">As it is in the options.</param>
    /// <param name="contentRoot">What a relative folder is relative to.</param>
    /// <param name="showPaths">Whether local folders are told.</param>
    /// <returns>Null if nothing can be said.</returns>
    public static string? Show(string? url, string? contentRoot, bool showPaths)
    {
        if (string.IsNullOrWhiteSpace(url))
        {
            return null;
        }

        var end = url.IndexOf("://", StringComparison.Ordinal);
        if (end < 0 || url.StartsWith("file://", StringComparison.OrdinalIgnoreCase))
        {
            return showPaths ? Folder(url, end, contentRoot) : null;
        }

        var (place, query) = url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? (url[..mark], url[(mark + 1)..]) : (url, "");
        place = place.Split('#')[0];
        var rest = place[(end + 3)..];
        var host = rest.Split('/')[0];
        if (host.LastIndexOf('@') is >= 0 and var at)
        {
            rest = rest[(at + 1)..];
        }

        var shown = query.Split('#')[0].Split('&')
            .Where(pair => Harmless.Contains(pair.Split('=')[0], StringComparer.OrdinalIgnoreCase))
            .Where(pair => !pair.Contains('@', StringComparison.Ordinal) && !pair.Contains("%40", StringComparison.Ordinal))
            .ToList();
        return $"{place[..end]}://{rest}{(shown.Count > 0 ? "?" : "")}{string.Join('&', shown)}";
    }

    /// <summary>The scheme of a URL; a folder's is <c>file</c>.</summary>
    public static string Kind(string? url) =>
        url?.IndexOf("://", StringComparison.Ordinal) is > 0 and var end ? url[..end].ToLowerInvariant() : "file";

    private static string? Folder(string url, int end, string? contentRoot)
    {
        if (end >= 0)
        {
            return url;
        }

        var path = Path.IsPathFullyQualified(url) ? url : contentRoot is null ? null : Path.GetFullPath(url, contentRoot);
        return path is null ? null : new Uri(path).AbsoluteUri;
    }
}
