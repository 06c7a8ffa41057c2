namespace Litestream.S3;

/// <summary>A request as it came over the wire.</summary>
internal sealed record WireRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string RawPath => Target.Split('?')[0];

    public string RawQuery => Target.Split('?') is [_, var query] ? query : "";

    public string Path => Uri.UnescapeDataString(RawPath);

    public IReadOnlyDictionary<string, string> Query => RawQuery.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "", StringComparer.Ordinal);

    public override string ToString() => $"{Method} {Target}";
}
