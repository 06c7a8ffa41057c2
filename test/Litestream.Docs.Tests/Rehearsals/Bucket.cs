using System.Globalization;
using System.Text.RegularExpressions;

namespace Litestream.Docs.Rehearsals;

/// <summary>The bucket of the documents, <c>s3://my-bucket/PATH</c>, on the server that the tests are given. With parameters it stays.</summary>
internal static partial class Bucket
{
    private static readonly string? Endpoint = Environment.GetEnvironmentVariable("S3_ENDPOINT");

    private static readonly string Prefix = string.Create(
        CultureInfo.InvariantCulture, $"litestream-net-tests/docs-{Environment.ProcessId}-{DateTime.UtcNow:yyyyMMddHHmmss}");

    /// <summary>Whether there is a server. Under CI there has to be one.</summary>
    public static bool IsAvailable => !string.IsNullOrEmpty(Endpoint) || Environment.GetEnvironmentVariable("CI") == "true";

    public static bool IsNamedIn(string text) => Url().IsMatch(text);

    public static string Name(string text) =>
        Url().Replace(text, match => $"s3://{Environment.GetEnvironmentVariable("S3_BUCKET")}/{Prefix}{match.Groups["path"].Value}?endpoint={Endpoint}");

    [GeneratedRegex("s3://my-bucket(?<path>[a-z/]*)(?![a-z/?])")]
    private static partial Regex Url();
}
