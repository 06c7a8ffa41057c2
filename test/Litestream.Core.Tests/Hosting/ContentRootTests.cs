using Litestream.Testing;

namespace Litestream.Hosting;

public sealed class ContentRootTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_relative_path_starts_from_the_root_whatever_the_working_directory()
    {
        new ContentRoot(_folder.Path).Resolve("data/app.db").Should().Be(Path.Join(_folder.Path, "data", "app.db"));
    }

    [SymbolicLinkFact]
    public void A_chain_of_links_to_a_file_that_does_not_exist_is_followed_to_its_end()
    {
        Directory.CreateDirectory(_folder.File("real"));
        Directory.CreateSymbolicLink(_folder.File("linked"), "real");
        File.CreateSymbolicLink(_folder.File("one.db"), "two.db");
        File.CreateSymbolicLink(_folder.File("two.db"), Path.Join("linked", "app.db"));

        new ContentRoot(_folder.Path).Resolve("one.db").Should().Be(Path.Join(_folder.Path, "real", "app.db"));
    }

    [SymbolicLinkFact]
    public void The_meta_folder_lies_beside_the_file_and_not_beside_the_link()
    {
        Directory.CreateDirectory(_folder.File("real"));
        File.CreateSymbolicLink(_folder.File("app.db"), Path.Join("real", "live.db"));

        var paths = DatabasePaths.Resolve(new ContentRoot(_folder.Path), new DatabaseOptions { Path = "app.db" });

        paths.Path.Should().Be(Path.Join(_folder.Path, "real", "live.db"));
        paths.MetaPath.Should().Be(Path.Join(_folder.Path, "real", ".live.db-litestream-net"));
    }
}
