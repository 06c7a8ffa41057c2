using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Hosting;

public sealed class ReplicaUrlTests : IDisposable
{
    private const string Url = "Litestream:Databases:app:Replicas:primary:Url";

    private readonly OptionsSetup _setup = new();

    public void Dispose() => _setup.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public void A_url_is_required(string? url)
    {
        ShouldFail(url!, "is missing");
    }

    [Fact]
    public void A_scheme_with_a_package_names_the_package_and_the_call()
    {
        ShouldFail("s3://bucket/app", "Litestream.S3", ".AddS3()");
    }

    [Theory]
    [InlineData("abs")]
    [InlineData("gcs")]
    [InlineData("gs")]
    [InlineData("sftp")]
    [InlineData("nats")]
    [InlineData("webdav")]
    [InlineData("oss")]
    public void A_scheme_that_only_Litestream_has_is_not_supported_yet(string scheme)
    {
        ShouldFail($"{scheme}://host/path", "not supported yet", "file, mem, s3");
    }

    [Fact]
    public void An_unknown_scheme_is_refused_with_those_there_are()
    {
        ShouldFail("ftp://host/path", "'ftp' is unknown", "file, mem, s3");
    }

    [Theory]
    [InlineData("s3:bucket/app")]
    [InlineData("file:/backups/app")]
    [InlineData("gs:bucket")]
    public void A_url_without_its_slashes_is_not_taken_for_a_folder(string url)
    {
        ShouldFail(url, "slashes are missing");
    }

    [Theory]
    [InlineData("Data Source=app.db")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b")]
    public void A_connection_string_is_not_taken_for_a_folder(string url)
    {
        ShouldFail(url, "is a connection string");
    }

    [Theory]
    [InlineData("MEM://store/app")]
    [InlineData("backups/app")]
    [InlineData("file:///backups/app")]
    [InlineData("C:backups")]
    public void A_scheme_that_is_served_and_a_plain_folder_are_sound(string url)
    {
        Errors(url).Should().BeEmpty();
    }

    [Fact]
    public void What_a_factory_refuses_is_an_error_at_the_url()
    {
        _setup.Stores.Locate = _ => throw new ArgumentException("The bucket has no name.");

        ShouldFail("mem://", "The bucket has no name.");
    }

    [Fact]
    public void A_factory_is_given_the_url_as_it_was_written_and_the_content_root()
    {
        Errors("mem://Bucket/a%20b").Should().BeEmpty();

        _setup.Stores.Contexts.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            DatabaseName = "app",
            ReplicaName = "primary",
            Url = "mem://Bucket/a%20b",
            ContentRoot = _setup.Folder.Path,
            DatabasePath = _setup.Folder.File("app.db"),
        });
    }

    [Fact]
    public void A_later_factory_replaces_an_earlier_one_of_the_same_scheme()
    {
        var later = new FakeReplicaClientFactory("mem");

        _setup.Make(services => services
            .AddLitestream(o => o.AddDatabase("app.db", "mem://store/app")).Services
            .AddSingleton<IReplicaClientFactory>(later));

        later.Contexts.Should().ContainSingle();
        _setup.Stores.Contexts.Should().BeEmpty();
    }

    private IReadOnlyList<string> Errors(string url) => _setup.ErrorsOf(o => o.Replicas["primary"].Url = url);

    private void ShouldFail(string url, params string[] explanations) =>
        Errors(url).Should().ContainSingle().Which.Should().StartWith($"{Url}: ").And.ContainAll(explanations);
}
