using System.Text;
using System.Text.RegularExpressions;

namespace Litestream.S3;

/// <summary>Where a replica lies and how it is reached: the URL, the options and the table of dialects put together.</summary>
internal sealed record S3Location
{
    public required S3Dialect Dialect { get; init; }

    public required string Bucket { get; init; }

    /// <summary>The start of every key, with a slash at its end; empty for the whole bucket.</summary>
    public required string Root { get; init; }

    /// <summary>The store's address; null for AWS, which has one per region.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The region; null if AWS has to be asked for it.</summary>
    public string? Region { get; init; }

    public bool PathStyle { get; init; }

    public long PartSize { get; init; }

    /// <summary>The replica's location without secrets; two with the same one are the same place.</summary>
    public Uri ToUri()
    {
        // An ARN has characters that no host has.
        var text = new StringBuilder("s3://").Append(Bucket.Replace(':', '-').Replace('/', '-'));
        foreach (var part in Root.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            text.Append('/').Append(Uri.EscapeDataString(part));
        }

        if (Endpoint is not null)
        {
            text.Append("?endpoint=").Append(Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/'));
        }

        return new Uri(text.ToString());
    }

    /// <summary>The bucket and the store, for messages.</summary>
    public override string ToString() =>
        Endpoint is null
            ? $"bucket '{Bucket}' on {Dialect.Name}{(Region is null ? "" : $" ({Region})")}"
            : $"bucket '{Bucket}' at {Endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/')} (region {Region})";

    /// <summary>Puts a URL and options together.</summary>
    /// <param name="url">The replica's URL.</param>
    /// <param name="options">What is set here wins over the URL.</param>
    /// <param name="problems">What is wrong, each with the name of the option or <c>Url</c>; empty if nothing is.</param>
    /// <returns>The location, or null if there are problems.</returns>
    public static S3Location? Resolve(string url, S3ReplicaOptions options, out IReadOnlyList<(string Option, string Message)> problems)
    {
        var found = new List<(string, string)>();
        problems = found;
        if (!S3Url.TryParse(url, out var parsed, out var problem))
        {
            found.Add(("Url", problem));
            return null;
        }

        var parameters = new S3UrlParameters(parsed.Parameters, found);
        var given = ParseEndpoint(options, parameters, found);
        var named = FindHost(parsed.Host);
        var (bucket, path) = named is { } host ? Split(parsed, host.Match) : (parsed.Host, parsed.Path);
        CheckBucket(bucket, named?.Match.Groups["host"].Value ?? given?.Authority, found);

        // A given endpoint says which store it is; else the host in the URL does.
        var store = given is null ? named : FindHost(given.Authority);
        var dialect = store?.Dialect ?? (given is null ? S3Dialects.Aws : S3Dialects.Other);
        var endpoint = dialect == S3Dialects.Aws ? null
            : given ?? new Uri($"{dialect.Scheme}://{store!.Value.Match.Groups["host"].Value}");
        var region = Text(options.Region) ?? parameters.Region ?? Text(store?.Match.Groups["region"].Value)
            ?? Text(named?.Match.Groups["region"].Value)
            ?? (dialect == S3Dialects.Aws ? FromEnvironment() : dialect.DefaultRegion ?? "us-east-1");
        CheckRegion(dialect, region, found);

        return found.Count > 0 ? null : new S3Location
        {
            Dialect = dialect,
            Bucket = bucket,
            Root = path.Length == 0 ? "" : $"{path}/",
            Endpoint = endpoint,
            Region = region,
            PathStyle = options.ForcePathStyle ?? parameters.ForcePathStyle
                // A bucket with dots has no certificate under AWS's name; an access point's ARN is no part of a host.
                ?? (dialect.PathStyle || (bucket.Contains('.', StringComparison.Ordinal) && !IsArn(bucket))),
            PartSize = parameters.PartSize ?? options.PartSize,
        };
    }

    private static Uri? ParseEndpoint(S3ReplicaOptions options, S3UrlParameters parameters, List<(string, string)> problems)
    {
        var fromOptions = Text(options.Endpoint);
        if ((fromOptions ?? parameters.Endpoint) is not { } text)
        {
            return null;
        }

        if (S3Endpoint.TryParse(text, out var endpoint, out var problem))
        {
            return endpoint;
        }

        problems.Add(fromOptions is null ? ("Url", $"its parameter endpoint {problem}") : (nameof(options.Endpoint), problem));
        return null;
    }

    private static (S3Dialect Dialect, Match Match)? FindHost(string host) => IsArn(host) ? null : S3Dialects.Find(host);

    // Without a bucket in the host it is the path's first part, as the stores' own pages show it: s3.REGION.backblazeb2.com/BUCKET.
    private static (string Bucket, string Path) Split(S3Url url, Match host)
    {
        if (host.Groups["bucket"].Value is { Length: > 0 } bucket)
        {
            return (bucket, url.Path);
        }

        var slash = url.Path.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (url.Path, "") : (url.Path[..slash], url.Path[(slash + 1)..]);
    }

    private static void CheckBucket(string bucket, string? host, List<(string, string)> problems)
    {
        if (bucket.Length == 0)
        {
            problems.Add(("Url", $"names no bucket; write s3://bucket.{host}/path"));
        }
        else if (!IsArn(bucket) && bucket.Contains(':', StringComparison.Ordinal))
        {
            problems.Add(("Url", "names a host and port where the bucket stands; write s3://bucket/path?endpoint=https://host:port, or set Endpoint"));
        }
        else if (!IsArn(bucket) && bucket.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')))
        {
            problems.Add(("Url", "names a bucket with characters that no bucket's name has; it has letters, digits, dots and hyphens"));
        }
    }

    private static void CheckRegion(S3Dialect dialect, string? region, List<(string, string)> problems)
    {
        if (region is null)
        {
            return;
        }

        if (region.Length > 64 || region.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            problems.Add((nameof(Region), "is no region; it has letters, digits and hyphens, such as eu-central-1"));
        }
        else if (dialect == S3Dialects.Aws && !region.Contains('-', StringComparison.Ordinal))
        {
            problems.Add((nameof(Region), $"'{region}' is no region of AWS, which are written as eu-central-1; for another store set Endpoint as well"));
        }
    }

    private static bool IsArn(string bucket) => bucket.StartsWith("arn:", StringComparison.Ordinal);

    private static string? FromEnvironment() =>
        Text(Environment.GetEnvironmentVariable("AWS_REGION")) ?? Text(Environment.GetEnvironmentVariable("AWS_DEFAULT_REGION"));

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
