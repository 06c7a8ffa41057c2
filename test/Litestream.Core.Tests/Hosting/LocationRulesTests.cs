using Litestream.Testing;

namespace Litestream.Hosting;

public sealed class LocationRulesTests : IDisposable
{
    private readonly OptionsSetup _setup = new();

    public void Dispose() => _setup.Dispose();

    [Theory]
    [InlineData("data/app.db")]
    [InlineData("./data/../data/app.db")]
    public void Two_databases_on_the_same_file_are_refused(string same)
    {
        ShouldFail("Litestream:Databases:b:Path: is the same file as Litestream:Databases:a:Path", ("a", "data/app.db", "mem://s/1"), ("b", same, "mem://s/2"));
    }

    [Fact]
    public void A_full_and_a_relative_path_to_one_file_are_the_same()
    {
        ShouldFail("Litestream:Databases:b:Path: is the same file", ("a", "app.db", "mem://s/1"), ("b", _setup.Folder.File("app.db"), "mem://s/2"));
    }

    [SymbolicLinkFact]
    public void A_symbolic_link_and_its_target_are_the_same_file()
    {
        File.CreateSymbolicLink(_setup.Folder.File("link.db"), _setup.Folder.File("app.db"));

        ShouldFail("Litestream:Databases:b:Path: is the same file", ("a", "app.db", "mem://s/1"), ("b", "link.db", "mem://s/2"));
    }

    [SymbolicLinkFact]
    public void A_path_through_a_linked_folder_is_the_same_file()
    {
        Directory.CreateDirectory(_setup.Folder.File("data"));
        Directory.CreateSymbolicLink(_setup.Folder.File("link"), _setup.Folder.File("data"));

        ShouldFail("Litestream:Databases:b:Path: is the same file", ("a", "data/app.db", "mem://s/1"), ("b", "link/app.db", "mem://s/2"));
    }

    [Theory]
    [InlineData("mem://store/app", "mem://store/app")]
    [InlineData("mem://store/app", "mem://store/app/")]
    [InlineData("mem://store/app", "MEM://store/app")]
    [InlineData("backups/app", "backups/app")]
    [InlineData("backups/app", "backups//app/")]
    [InlineData("backups/app", "./other/../backups/app")]
    public void Two_replicas_in_one_place_are_refused(string one, string other)
    {
        ShouldFail(
            "Litestream:Databases:b:Replicas:primary:Url: is the same place as Litestream:Databases:a:Replicas:primary:Url",
            ("a", "a.db", one), ("b", "b.db", other));
    }

    [Theory]
    [InlineData("mem://store/app", "mem://store/app/inside")]
    [InlineData("mem://store/app/inside", "mem://store/app")]
    [InlineData("mem://store", "mem://store/app")]
    [InlineData("backups", "backups/app")]
    [InlineData("backups/app", "backups")]
    public void A_replica_inside_another_is_refused(string one, string other)
    {
        ShouldFail("Litestream:Databases:b:Replicas:primary:Url: is the same place", ("a", "a.db", one), ("b", "b.db", other));
    }

    [SymbolicLinkFact]
    public void A_replica_folder_and_a_link_to_it_are_one_place()
    {
        Directory.CreateDirectory(_setup.Folder.File("backups"));
        Directory.CreateSymbolicLink(_setup.Folder.File("link"), _setup.Folder.File("backups"));

        ShouldFail("Litestream:Databases:b:Replicas:primary:Url: is the same place", ("a", "a.db", "backups"), ("b", "b.db", "link"));
    }

    [Fact]
    public void Two_replicas_of_one_database_in_one_place_are_refused()
    {
        var errors = _setup.ErrorsOf(o => o.Replicas.Add("second", new ReplicaOptions { Url = "mem://store/app" }));

        errors.Should().ContainSingle().Which.Should().StartWith("Litestream:Databases:app:Replicas:second:Url: is the same place");
    }

    [Theory]
    [InlineData("mem://store/app", "mem://store/app2")]
    [InlineData("mem://store/app", "mem://store/App")]
    [InlineData("mem://store/app?endpoint=one", "mem://store/app?endpoint=two")]
    [InlineData("backups/app", "backups/app2")]
    [InlineData("backups/a#1", "backups/a#2")]
    [InlineData("backups/a%41", "backups/aA")]
    public void Replicas_side_by_side_are_sound(string one, string other)
    {
        Errors(("a", "a.db", one), ("b", "b.db", other)).Should().BeEmpty();
    }

    [Theory]
    [InlineData(".app.db-litestream-net")]
    [InlineData(".app.db-litestream-net/replica")]
    public void A_replica_in_a_meta_folder_is_refused(string url)
    {
        ShouldFail("Litestream:Databases:a:Replicas:primary:Url: is, or lies in, the meta folder of Litestream:Databases:a", ("a", "app.db", url));
    }

    [Fact]
    public void A_replica_path_that_is_a_file_is_refused()
    {
        File.WriteAllText(_setup.Folder.File("backup"), "");

        ShouldFail("Litestream:Databases:a:Replicas:primary:Url: is a file", ("a", "app.db", "backup"));
    }

    [Fact]
    public void A_replica_path_that_is_the_database_is_refused()
    {
        ShouldFail("Litestream:Databases:a:Replicas:primary:Url: is the database file", ("a", "app.db", "app.db"));
    }

    [Fact]
    public void A_replica_folder_above_the_database_is_sound()
    {
        Errors(("a", "data/app.db", "data")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("meta", "meta")]
    [InlineData("meta", "meta/inside")]
    [InlineData("meta/inside", "meta")]
    public void Two_databases_in_one_meta_folder_are_refused(string one, string other)
    {
        var errors = _setup.Errors(options =>
        {
            options.AddDatabase("a.db", "mem://s/1");
            options.AddDatabase("b.db", "mem://s/2");
            options.Databases["a"].MetaPath = one;
            options.Databases["b"].MetaPath = other;
        });

        errors.Should().ContainSingle().Which.Should().StartWith("Litestream:Databases:b:MetaPath: is, or lies in, the same folder");
    }

    private void ShouldFail(string message, params (string Name, string Path, string Url)[] databases) =>
        Errors(databases).Should().ContainSingle().Which.Should().StartWith(message);

    private IReadOnlyList<string> Errors(params (string Name, string Path, string Url)[] databases) => _setup.Errors(options =>
    {
        foreach (var (name, path, url) in databases)
        {
            options.AddDatabase(name, database =>
            {
                database.Path = path;
                database.Replicas.Add("primary", new ReplicaOptions { Url = url });
            });
        }
    });
}
