using Litestream.Hosting;

namespace Litestream.S3;

/// <summary>The parameters a replica's URL may have, as in Litestream v0.5. Unknown ones are errors; keys never belong here.</summary>
internal sealed class S3UrlParameters
{
    public S3UrlParameters(IReadOnlyDictionary<string, string> parameters, List<(string, string)> problems)
    {
        foreach (var (name, value) in parameters)
        {
            var problem = Read(name, value);
            if (problem is not null)
            {
                problems.Add(("Url", problem));
            }
        }
    }

    public string? Endpoint { get; private set; }

    public string? Region { get; private set; }

    public bool? ForcePathStyle { get; private set; }

    public long? PartSize { get; private set; }

    private string? Read(string name, string value)
    {
        switch (name)
        {
            case "endpoint":
                Endpoint = value;
                return null;
            case "region":
                Region = value;
                return null;
            case "forcepathstyle":
                ForcePathStyle = bool.TryParse(value, out var flag) ? flag : null;
                return ForcePathStyle is null ? "its parameter forcePathStyle is neither true nor false" : null;
            case "partsize":
                PartSize = SizeText.TryParse(value, out var size, out _) ? size : null;
                return PartSize is null ? "its parameter part-size is not a size such as 16MiB" : null;
            // What Litestream v0.5 has to be told is what is always done here; the opposite would break some store.
            case "signpayload":
                return value.Equals("true", StringComparison.OrdinalIgnoreCase) ? null : "its parameter sign-payload can only be true: payloads are always signed";
            case "skipverify":
                return value.Equals("false", StringComparison.OrdinalIgnoreCase) ? null : "its parameter skipVerify can only be false: certificates are always verified; use an http endpoint on a network you trust, or have the machine trust the certificate";
            case "requirecontentmd5":
                return null;
            default:
                return name.Contains("key", StringComparison.Ordinal) || name.Contains("secret", StringComparison.Ordinal) || name.Contains("token", StringComparison.Ordinal)
                    ? "has a key in its parameters, where logs and lists of processes show it; set AccessKeyId and SecretAccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                    : "has an unknown parameter; there are endpoint, region, forcePathStyle and part-size";
        }
    }
}
