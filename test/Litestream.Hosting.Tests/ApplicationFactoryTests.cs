using Litestream.Testing;
using Microsoft.Data.Sqlite;

namespace Litestream.Hosting;

/// <summary>Many hosts in one process, one after the other and at once, as the tests of an application make them.</summary>
public sealed class ApplicationFactoryTests
{
    [Fact]
    public async Task Factories_at_once_replicate_each_its_own_database()
    {
        using var folder = new TempDirectory();
        var factories = Enumerable.Range(0, 4).Select(number => new ApplicationFactory(Folder(folder, number))).ToList();

        await Task.WhenAll(factories.Select((factory, number) => PostAsync(factory, number + 1)));
        await Task.WhenAll(factories.Select(factory => factory.DisposeAsync().AsTask()));

        for (var number = 0; number < factories.Count; number++)
        {
            (await RestoredAsync(Folder(folder, number))).Should().Be(number + 1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_factory_after_another_on_the_same_database_goes_on(bool releaseOnStop)
    {
        using var folder = new TempDirectory();
        var generations = new List<string>();
        for (var run = 0; run < 3; run++)
        {
            await using var factory = new ApplicationFactory(folder.Path, releaseOnStop);
            await PostAsync(factory, 2);
            generations.Add(factory.Database.GetStatus().Position.Generation);
        }

        (await RestoredAsync(folder.Path)).Should().Be(6);
        if (!releaseOnStop)
        {
            generations.Distinct().Should().ContainSingle();
        }
    }

    [Fact]
    public async Task A_factory_that_is_disposed_twice_is_disposed_once()
    {
        using var folder = new TempDirectory();
        var factory = new ApplicationFactory(folder.Path);
        await PostAsync(factory, 1);

        await factory.DisposeAsync();
        await factory.DisposeAsync();

        (await RestoredAsync(folder.Path)).Should().Be(1);
    }

    [Fact]
    public async Task A_database_can_be_deleted_once_its_factory_is_disposed()
    {
        using var folder = new TempDirectory();
        await using (var factory = new ApplicationFactory(folder.Path))
        {
            await PostAsync(factory, 1);
        }

        SqliteConnection.ClearAllPools();
        Directory.Delete(folder.File(".app.db-litestream-net"), recursive: true);
        File.Delete(folder.File("app.db"));

        await using var again = new ApplicationFactory(folder.Path);
        await PostAsync(again, 1);
        again.Database.GetStatus().State.Should().Be(ReplicationState.Replicating);
    }

    private static string Folder(TempDirectory folder, int number) =>
        Directory.CreateDirectory(folder.File(System.FormattableString.Invariant($"app{number}"))).FullName;

    private static async Task PostAsync(ApplicationFactory factory, int times)
    {
        using var client = factory.CreateClient();
        for (var i = 0; i < times; i++)
        {
            using var response = await client.PostAsync(new Uri("/notes", UriKind.Relative), content: null);
            response.EnsureSuccessStatusCode();
        }
    }

    private static async Task<long> RestoredAsync(string folder)
    {
        var copy = Path.Combine(folder, $"{Guid.NewGuid():n}.copy");
        await using var client = new FileReplicaClient(Path.Combine(folder, "backups"));
        await client.RestoreAsync(new RestoreOptions { OutputPath = copy });
        using var connection = new SqliteConnection($"Data Source={copy};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM notes";
        return (long)command.ExecuteScalar()!;
    }
}
