namespace Litestream.Yaml;

/// <summary>What Litestream reads into a replica's URL.</summary>
internal static class ReplicaUrlText
{
    private const string FilePrefix = "file://";

    /// <summary>True for <c>scheme://…</c>.</summary>
    public static bool IsUrl(string text)
    {
        var end = text.IndexOf("://", StringComparison.Ordinal);
        return end > 0 && text[..end].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    /// <summary>The URL with a full path: to Litestream <c>file://rel/x</c> is <c>/rel/x</c>.</summary>
    public static string Absolute(string url)
    {
        if (!url.StartsWith(FilePrefix, StringComparison.OrdinalIgnoreCase) || OperatingSystem.IsWindows())
        {
            return url;
        }

        var path = url[FilePrefix.Length..];
        return path.Length == 0 || path[0] == '/' ? url : $"{FilePrefix}/{path}";
    }
}
