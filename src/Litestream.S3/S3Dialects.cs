using System.Text.RegularExpressions;

namespace Litestream.S3;

/// <summary>
/// The table of stores: which host names are theirs, and what each needs. The hosts are those that Litestream knows
/// (docs/FORMAT.md, 5.1), and more. A store that is not here works through its endpoint, as <see cref="Other"/>.
/// </summary>
/// <remarks>
/// To add a store, add a row. A bucket in the host's name may have dots, so the first group is greedy, as Litestream's is.
/// </remarks>
internal static partial class S3Dialects
{
    /// <summary>AWS itself: every URL whose host is none of the others, and that names no endpoint.</summary>
    public static readonly S3Dialect Aws = new()
    {
        Name = "AWS S3",
        Host = AwsHost(),
        PathStyle = false,
        ChecksumHeaders = true,
        CreatesConditionally = true,
        CompletesConditionally = true,
    };

    /// <summary>Any other server behind an endpoint: MinIO, Ceph, OpenStack Swift, and those nobody has thought of.</summary>
    public static readonly S3Dialect Other = new() { Name = "S3-compatible store", DefaultRegion = "us-east-1" };

    /// <summary>The stores that a host's name gives away.</summary>
    public static IReadOnlyList<S3Dialect> Known { get; } =
    [
        // BUCKET.localhost:9000 is Litestream's way to name a MinIO on this machine.
        new() { Name = "server on this machine", Host = LocalHost(), DefaultRegion = "us-east-1", Scheme = "http" },
        new()
        {
            Name = "Backblaze B2",
            Host = BackblazeHost(),
            DefaultRegion = "us-east-1",
            Note = "Deleting only hides an object here: every bucket of Backblaze B2 keeps old versions, and bills them, until a lifecycle rule removes them. Set the bucket's lifecycle to \"Keep only the last version\".",
        },
        new() { Name = "DigitalOcean Spaces", Host = DigitalOceanHost() },
        new() { Name = "Linode Object Storage", Host = LinodeHost() },
        new() { Name = "Scaleway Object Storage", Host = ScalewayHost() },
        new() { Name = "Filebase", Host = FilebaseHost(), DefaultRegion = "us-east-1", MaxRequestsPerSecond = 80 },
        new()
        {
            Name = "Cloudflare R2",
            Host = R2Host(),
            DefaultRegion = "auto",
            CreatesConditionally = true,
            // Answers 200 to a batch and has been seen to delete nothing.
            BatchDelete = false,
            // Answers 429 or 500 to more.
            MaxConcurrentRequests = 2,
        },
        new() { Name = "Hetzner Object Storage", Host = HetznerHost() },
        new()
        {
            Name = "Google Cloud Storage",
            Host = GoogleHost(),
            DefaultRegion = "auto",
            // Its XML API has no batch call.
            BatchDelete = false,
        },
        new()
        {
            Name = "Wasabi",
            Host = WasabiHost(),
            DefaultRegion = "us-east-1",
            Note = "Wasabi bills every object for at least 90 days (30 on some plans), also when it is deleted earlier: fewer and larger objects are cheaper here, so give the replica a longer SyncInterval.",
        },
        new() { Name = "Tigris", Host = TigrisHost(), DefaultRegion = "auto", Header = ("X-Tigris-Consistent", "true") },
        Aws,
    ];

    /// <summary>The store whose host this is, if it is one of the known; the match has its parts.</summary>
    public static (S3Dialect Dialect, Match Match)? Find(string host)
    {
        foreach (var dialect in Known)
        {
            if (dialect.Host!.Match(host) is { Success: true } match)
            {
                return (dialect, match);
            }
        }

        return null;
    }

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>localhost(:\d+)?)$", Options)]
    private static partial Regex LocalHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>s3\.(?<region>[^.]+)\.backblazeb2\.com)$", Options)]
    private static partial Regex BackblazeHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>(?<region>[^.]+)\.digitaloceanspaces\.com)$", Options)]
    private static partial Regex DigitalOceanHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>(?<region>[^.]+)\.linodeobjects\.com)$", Options)]
    private static partial Regex LinodeHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>s3\.(?<region>[^.]+)\.scw\.cloud)$", Options)]
    private static partial Regex ScalewayHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>s3\.filebase\.(com|io))$", Options)]
    private static partial Regex FilebaseHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>[0-9a-f]{32}\.((eu|fedramp)\.)?r2\.cloudflarestorage\.com)$", Options)]
    private static partial Regex R2Host();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>(?<region>[^.]+)\.your-objectstorage\.com)$", Options)]
    private static partial Regex HetznerHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>storage\.googleapis\.com)$", Options)]
    private static partial Regex GoogleHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>s3(\.(?<region>[^.]+))?\.wasabisys\.com)$", Options)]
    private static partial Regex WasabiHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>(fly\.storage\.tigris\.dev|t3\.storage\.dev))$", Options)]
    private static partial Regex TigrisHost();

    [GeneratedRegex(@"^((?<bucket>.+)\.)?(?<host>s3(\.dualstack)?([.-](?<region>[a-z]{2}(-[a-z]+)+-\d))?\.amazonaws\.com(\.cn)?)$", Options)]
    private static partial Regex AwsHost();
}
