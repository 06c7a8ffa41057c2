using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Core.Tests.Storage;

public sealed class FileReplicaClientFactoryTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Serves_file_urls() => new FileReplicaClientFactory().Schemes.Should().Equal("file");

    [Theory]
    [InlineData("backup/app", "backup/app")]
    [InlineData("./backup", "backup")]
    [InlineData("backup/../other", "other")]
    [InlineData("file://backup/app", "backup/app")]
    public async Task A_relative_path_starts_from_the_content_root(string url, string expected)
    {
        await using var client = Create(url);

        client.Location.LocalPath.Should().Be(Path.GetFullPath(expected, _directory.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("file://")]
    [InlineData("FILE://")]
    public async Task A_full_path_is_taken_as_it_stands(string scheme)
    {
        var folder = _directory.File("a b%20c+d");

        await using var client = Create(scheme.Length > 0 && OperatingSystem.IsWindows() ? $"{scheme}/{folder}" : scheme + folder);

        client.Location.LocalPath.Should().Be(folder);
    }

    [Theory]
    [InlineData("~", "")]
    [InlineData("~/backup", "backup")]
    [InlineData("file://~/backup", "backup")]
    public async Task A_tilde_is_the_users_home(string url, string expected)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

        await using var client = Create(url);

        client.Location.LocalPath.Should().Be(Path.TrimEndingDirectorySeparator(Path.GetFullPath(expected, home)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("file://")]
    [InlineData("s3://bucket")]
    public void Refuses_a_url_that_names_no_folder(string url)
    {
        var create = () => Create(url);

        create.Should().Throw<ArgumentException>().WithMessage("*replica 'main' of database 'app'*file:///*");
    }

    [Fact]
    public void Touches_nothing()
    {
        Create("backup");

        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
    }

    private IReplicaClient Create(string url) => new FileReplicaClientFactory().Create(new ReplicaClientContext
    {
        DatabaseName = "app",
        ReplicaName = "main",
        Url = url,
        ContentRoot = _directory.Path,
    });
}
