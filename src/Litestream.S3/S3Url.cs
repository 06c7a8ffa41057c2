using System.Diagnostics.CodeAnalysis;

namespace Litestream.S3;

/// <summary>
/// The parts of a replica's URL, <c>s3://HOST/PATH?NAME=VALUE</c>, read from the raw text as Litestream reads them:
/// <see cref="Uri"/> would lower-case bucket names and refuse some. No message repeats the text, which may hold secrets.
/// </summary>
/// <param name="Host">What stands before the first slash: a bucket, or a host with a bucket in it.</param>
/// <param name="Path">The path, cleaned: escapes decoded, without empty and dot parts, without slashes at its ends.</param>
/// <param name="Parameters">The parameters, by lower-case name without hyphens and underscores.</param>
internal sealed record S3Url(string Host, string Path, IReadOnlyDictionary<string, string> Parameters)
{
    public const string Scheme = "s3";

    private const string Prefix = "s3://";

    /// <summary>Reads a URL.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out S3Url? url, [NotNullWhen(false)] out string? problem)
    {
        url = null;
        text = text.Trim();
        if (!text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            problem = "is no URL of the form s3://bucket/path";
            return false;
        }

        var rest = text[Prefix.Length..];
        if (rest.Any(char.IsControl))
        {
            problem = "holds control characters";
            return false;
        }

        if (rest.Contains('#', StringComparison.Ordinal))
        {
            problem = "holds a '#', which begins a fragment in a URL; write %23 if it is part of the path";
            return false;
        }

        var query = rest.IndexOf('?', StringComparison.Ordinal);
        var parameters = query < 0 ? "" : rest[(query + 1)..];
        rest = query < 0 ? rest : rest[..query];
        var hostEnd = HostEnd(rest);
        var host = rest[..hostEnd];
        if (host.Contains('@', StringComparison.Ordinal))
        {
            problem = "holds user information before an '@'; keys do not belong into a URL: set AccessKeyId and SecretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            return false;
        }

        if (host.Length == 0)
        {
            problem = "has no bucket; write s3://bucket/path";
            return false;
        }

        if (!TryClean(rest[hostEnd..], out var path, out problem) || !TryReadParameters(parameters, out var byName, out problem))
        {
            return false;
        }

        url = new S3Url(host, path, byName);
        return true;
    }

    // An access point's ARN (arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME) has a slash of its own.
    private static int HostEnd(string rest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && rest.StartsWith("arn:", StringComparison.Ordinal) && rest[..slash].EndsWith(":accesspoint", StringComparison.Ordinal))
        {
            slash = rest.IndexOf('/', slash + 1);
        }

        return slash < 0 ? rest.Length : slash;
    }

    // As Go's url.Parse and path.Clean do it for Litestream, so that one URL means one place in both programs.
    private static bool TryClean(string text, out string path, [NotNullWhen(false)] out string? problem)
    {
        path = "";
        if (!TryUnescape(text, out var decoded))
        {
            problem = "holds a '%' that begins no escape; write %25 for a percent sign";
            return false;
        }

        var parts = new List<string>();
        foreach (var part in decoded.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("" or "." or ".."))
            {
                parts.Add(part);
            }
        }

        path = string.Join('/', parts);
        problem = path.Any(char.IsControl) ? "holds control characters" : null;
        return problem is null;
    }

    private static bool TryReadParameters(
        string text, out Dictionary<string, string> parameters, [NotNullWhen(false)] out string? problem)
    {
        parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        problem = null;
        foreach (var pair in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            if (equals < 0 || !TryUnescape(pair[(equals + 1)..].Replace('+', ' '), out var value))
            {
                problem = "has a parameter without a value, or with a '%' that begins no escape";
                return false;
            }

            // forcePathStyle, force-path-style and force_path_style are the same.
            var plain = name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
            if (!parameters.TryAdd(plain, value))
            {
                problem = "has a parameter twice";
                return false;
            }
        }

        return true;
    }

    private static bool TryUnescape(string text, out string decoded)
    {
        for (var i = text.IndexOf('%', StringComparison.Ordinal); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                decoded = "";
                return false;
            }
        }

        decoded = Uri.UnescapeDataString(text);
        return true;
    }
}
