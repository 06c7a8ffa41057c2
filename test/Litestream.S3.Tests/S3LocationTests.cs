namespace Litestream.S3;

public sealed class S3LocationTests
{
    [Theory]
    // FORMAT 5.1, as Litestream reads them
    [InlineData("s3://mybkt/a/b", "mybkt", "a/b/", null, "AWS S3", false)]
    [InlineData("s3://mybkt", "mybkt", "", null, "AWS S3", false)]
    [InlineData("s3://mybkt/", "mybkt", "", null, "AWS S3", false)]
    [InlineData("S3://mybkt//a//b/./c/../d/", "mybkt", "a/b/d/", null, "AWS S3", false)]
    [InlineData("s3://mybkt.litestream.io/db", "mybkt.litestream.io", "db/", null, "AWS S3", true)]
    [InlineData("s3://MyBkt_1/x", "MyBkt_1", "x/", null, "AWS S3", false)]
    [InlineData("s3://mybkt/a%20b/ü", "mybkt", "a b/ü/", null, "AWS S3", false)]
    [InlineData("s3://bkt.localhost:9000/db", "bkt", "db/", "http://localhost:9000/", "server on this machine", true)]
    [InlineData("s3://bkt.localhost/db", "bkt", "db/", "http://localhost/", "server on this machine", true)]
    [InlineData("s3://a.b.s3.us-west-002.backblazeb2.com/db", "a.b", "db/", "https://s3.us-west-002.backblazeb2.com/", "Backblaze B2", true)]
    [InlineData("s3://bkt.nyc3.digitaloceanspaces.com/db", "bkt", "db/", "https://nyc3.digitaloceanspaces.com/", "DigitalOcean Spaces", true)]
    [InlineData("s3://bkt.us-east-1.linodeobjects.com/db", "bkt", "db/", "https://us-east-1.linodeobjects.com/", "Linode Object Storage", true)]
    [InlineData("s3://bkt.s3.fr-par.scw.cloud/db", "bkt", "db/", "https://s3.fr-par.scw.cloud/", "Scaleway Object Storage", true)]
    [InlineData("s3://bkt.s3.filebase.com/db", "bkt", "db/", "https://s3.filebase.com/", "Filebase", true)]
    // and more
    [InlineData("s3://bkt.0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/db", "bkt", "db/", "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/", "Cloudflare R2", true)]
    [InlineData("s3://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com/bkt/db", "bkt", "db/", "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com/", "Cloudflare R2", true)]
    [InlineData("s3://bkt.fsn1.your-objectstorage.com/db", "bkt", "db/", "https://fsn1.your-objectstorage.com/", "Hetzner Object Storage", true)]
    [InlineData("s3://bkt.storage.googleapis.com/db", "bkt", "db/", "https://storage.googleapis.com/", "Google Cloud Storage", true)]
    [InlineData("s3://bkt.s3.eu-central-1.wasabisys.com/db", "bkt", "db/", "https://s3.eu-central-1.wasabisys.com/", "Wasabi", true)]
    [InlineData("s3://s3.us-west-002.backblazeb2.com/bkt/db/x", "bkt", "db/x/", "https://s3.us-west-002.backblazeb2.com/", "Backblaze B2", true)]
    [InlineData("s3://bkt.s3.eu-west-1.amazonaws.com/db", "bkt", "db/", null, "AWS S3", false)]
    [InlineData("s3://bkt/db?endpoint=minio.example.com:9000", "bkt", "db/", "https://minio.example.com:9000/", "S3-compatible store", true)]
    [InlineData("s3://bkt/db?endpoint=localhost:9000", "bkt", "db/", "http://localhost:9000/", "server on this machine", true)]
    [InlineData("s3://bkt/db?endpoint=127.0.0.1:9000", "bkt", "db/", "http://127.0.0.1:9000/", "S3-compatible store", true)]
    [InlineData("s3://bkt/db?endpoint=https%3A%2F%2Fref.supabase.co%2Fstorage%2Fv1%2Fs3&region=eu-west-1", "bkt", "db/", "https://ref.supabase.co/storage/v1/s3", "S3-compatible store", true)]
    [InlineData("s3://bkt/db?endpoint=https://s3.us-west-002.backblazeb2.com", "bkt", "db/", "https://s3.us-west-002.backblazeb2.com/", "Backblaze B2", true)]
    [InlineData("s3://bkt/db?endpoint=https://x.example.com&forcePathStyle=false", "bkt", "db/", "https://x.example.com/", "S3-compatible store", false)]
    [InlineData("s3://bkt/db?endpoint=x.example.com&force-path-style=true&sign-payload=true", "bkt", "db/", "https://x.example.com/", "S3-compatible store", true)]
    [InlineData("s3://arn:aws:s3:us-east-1:123456789012:accesspoint/my-ap/db/x", "arn:aws:s3:us-east-1:123456789012:accesspoint/my-ap", "db/x/", null, "AWS S3", false)]
    public void Reads_a_url(string url, string bucket, string root, string? endpoint, string store, bool pathStyle)
    {
        var location = Resolve(url);

        location.Bucket.Should().Be(bucket);
        location.Root.Should().Be(root);
        location.Endpoint?.ToString().Should().Be(endpoint);
        location.Dialect.Name.Should().Be(store);
        location.PathStyle.Should().Be(pathStyle);
    }

    [Theory]
    [InlineData("s3://bkt.s3.us-west-002.backblazeb2.com/db", null, "us-west-002")]
    [InlineData("s3://bkt.nyc3.digitaloceanspaces.com/db", null, "nyc3")]
    [InlineData("s3://bkt.localhost:9000/db", null, "us-east-1")]
    [InlineData("s3://bkt/db?endpoint=x.example.com", null, "us-east-1")]
    [InlineData("s3://bkt/db?endpoint=x.example.com&region=eu-1", null, "eu-1")]
    [InlineData("s3://bkt/db?endpoint=x.example.com&region=eu-1", "eu-2", "eu-2")]
    [InlineData("s3://bkt.s3.eu-west-1.amazonaws.com/db", null, "eu-west-1")]
    [InlineData("s3://bkt/db?endpoint=https://s3.us-west-002.backblazeb2.com", null, "us-west-002")]
    [InlineData("s3://bkt.0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com/db", null, "auto")]
    public void Finds_the_region(string url, string? option, string region) =>
        Resolve(url, new S3ReplicaOptions { Region = option }).Region.Should().Be(region);

    [Fact]
    public void Options_win_over_the_url()
    {
        var location = Resolve(
            "s3://bkt.localhost:9000/db?endpoint=other.example.com&forcePathStyle=true",
            new S3ReplicaOptions { Endpoint = "https://s3.us-west-002.backblazeb2.com", ForcePathStyle = false });

        location.Bucket.Should().Be("bkt");
        location.Endpoint.Should().Be(new Uri("https://s3.us-west-002.backblazeb2.com"));
        location.Dialect.Name.Should().Be("Backblaze B2");
        location.PathStyle.Should().BeFalse();
    }

    [Theory]
    [InlineData("s3://", "no bucket")]
    [InlineData("s3:///db", "no bucket")]
    [InlineData("s3://localhost:9000", "names no bucket")]
    [InlineData("s3://minio.example.com:9000/bkt/db", "host and port")]
    [InlineData("s3://KEY:canary@bkt/db", "user information")]
    [InlineData("s3://bkt/db?accessKeyId=canary", "key in its parameters")]
    [InlineData("s3://bkt/db?secret_access_key=canary", "key in its parameters")]
    [InlineData("s3://bkt/db?canary=1", "unknown parameter")]
    [InlineData("s3://bkt/db?region", "without a value")]
    [InlineData("s3://bkt/db?region=a&Region=b", "twice")]
    [InlineData("s3://bkt/db?forcePathStyle=canary", "neither true nor false")]
    [InlineData("s3://bkt/db?part-size=canary", "part-size")]
    [InlineData("s3://bkt/db?skipVerify=true", "skipVerify")]
    [InlineData("s3://bkt/db?sign-payload=false", "sign-payload")]
    [InlineData("s3://bkt/db?endpoint=ftp://canary", "neither an http")]
    [InlineData("s3://bkt/db?endpoint=https://user:canary@host", "user information")]
    [InlineData("s3://bkt/db?endpoint=https://host/?x=canary", "query")]
    [InlineData("s3://bkt/db?endpoint=", "no address")]
    [InlineData("s3://bkt/100%", "no escape")]
    [InlineData("s3://bkt/a#canary", "fragment")]
    [InlineData("s3://bkt/a\nb", "control characters")]
    [InlineData("s3://bkt/a%00b", "control characters")]
    [InlineData("s3://b k t/a", "characters that no bucket's name has")]
    [InlineData("s3://bkt/db?region=e u", "no region")]
    [InlineData("s3://bkt/db?region=frankfurt", "no region of AWS")]
    public void Refuses_a_url_and_does_not_repeat_it(string url, string because)
    {
        var create = () => new S3ReplicaClient(url);

        create.Should().Throw<ArgumentException>().WithMessage($"*{because}*").Which.ToString().Should().NotContain("canary");
    }

    [Fact]
    public void Reports_all_that_is_wrong_with_the_options_at_once()
    {
        var create = () => new S3ReplicaClient("s3://bkt/db?x=1", new S3ReplicaOptions
        {
            AccessKeyId = "id",
            PartSize = 1,
            MaxConcurrentRequests = 0,
            MaxRequestsPerSecond = 0,
            UploadBytesPerSecond = 1,
            RequestTimeout = TimeSpan.Zero,
        });

        create.Should().Throw<ArgumentException>().WithMessage(
            "*unknown parameter*SecretAccessKey*PartSize*MaxConcurrentRequests*MaxRequestsPerSecond*UploadBytesPerSecond*RequestTimeout*");
    }

    [Theory]
    [InlineData("s3://bkt/a b/c", "s3://bkt/a%20b/c")]
    [InlineData("s3://bkt.localhost:9000/db", "s3://bkt/db?endpoint=http://localhost:9000")]
    [InlineData("s3://arn:aws:s3:us-east-1:123456789012:accesspoint/my-ap/db", "s3://arn-aws-s3-us-east-1-123456789012-accesspoint-my-ap/db")]
    public async Task Says_where_it_lies(string url, string location)
    {
        await using var client = new S3ReplicaClient(url);

        client.Location.OriginalString.Should().Be(location);
    }

    [Theory]
    [InlineData("localhost", "server on this machine")]
    [InlineData("notlocalhost", null)]
    [InlineData("s3.us-west-002.backblazeb2.com.evil.example", null)]
    [InlineData("evilbackblazeb2.com", null)]
    [InlineData("abc.r2.cloudflarestorage.com", null)]
    public void Knows_a_store_by_its_whole_host(string host, string? store) =>
        S3Dialects.Find(host)?.Dialect.Name.Should().Be(store);

    private static S3Location Resolve(string url, S3ReplicaOptions? options = null)
    {
        var location = S3Location.Resolve(url, options ?? new S3ReplicaOptions(), out var problems);
        problems.Should().BeEmpty();
        return location!;
    }
}
