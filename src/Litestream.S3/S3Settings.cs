using System.Globalization;

namespace Litestream.S3;

/// <summary>A URL and options that make sense together.</summary>
internal sealed record S3Settings(S3Location Location, S3ReplicaOptions Options)
{
    private const long SmallestPart = 5L << 20;
    private const long LargestPart = 5L << 30;

    /// <summary>Checks them, everything at once.</summary>
    /// <exception cref="ArgumentException">They make no sense.</exception>
    public static S3Settings Resolve(string url, S3ReplicaOptions? options)
    {
        ArgumentNullException.ThrowIfNull(url);
        var settings = Resolve(url, options, out var problems);
        return settings ?? throw new ArgumentException(string.Join("; ", problems.Select(p => $"{p.Option} {p.Message}")), nameof(url));
    }

    /// <summary>Checks them, everything at once.</summary>
    /// <returns>The settings, or null if there are problems.</returns>
    public static S3Settings? Resolve(string url, S3ReplicaOptions? options, out List<(string Option, string Message)> problems)
    {
        var own = options?.Copy() ?? new S3ReplicaOptions();
        var location = S3Location.Resolve(url, own, out var found);
        problems = [.. found];
        if (S3Credentials.Problem(own) is { } problem)
        {
            problems.Add(problem);
        }

        CheckLimits(own, location?.PartSize ?? own.PartSize, problems);
        return problems.Count > 0 ? null : new S3Settings(location!, own);
    }

    private static void CheckLimits(S3ReplicaOptions options, long partSize, List<(string, string)> problems)
    {
        if (partSize is < SmallestPart or > LargestPart)
        {
            problems.Add((nameof(options.PartSize), "must be between 5 MiB and 5 GiB, the limits of S3"));
        }

        if (options.MaxConcurrentRequests is < 1 or > 1000)
        {
            problems.Add((nameof(options.MaxConcurrentRequests), "must be between 1 and 1000"));
        }

        if (options.MaxRequestsPerSecond is < 1 or > 10_000)
        {
            problems.Add((nameof(options.MaxRequestsPerSecond), "must be between 1 and 10000"));
        }

        CheckBandwidth(nameof(options.UploadBytesPerSecond), options.UploadBytesPerSecond, problems);
        CheckBandwidth(nameof(options.DownloadBytesPerSecond), options.DownloadBytesPerSecond, problems);
        if (options.RequestTimeout < TimeSpan.FromSeconds(1) || options.RequestTimeout > TimeSpan.FromMinutes(10))
        {
            problems.Add((nameof(options.RequestTimeout), "must be between 1 second and 10 minutes"));
        }
    }

    private static void CheckBandwidth(string option, long? bytesPerSecond, List<(string, string)> problems)
    {
        const int slowest = 16 << 10;
        if (bytesPerSecond is < slowest)
        {
            problems.Add((option, string.Create(CultureInfo.InvariantCulture, $"must be at least {slowest} bytes per second, or left out for no limit")));
        }
    }
}
