using Litestream.Sqlite;
using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Hosting;

/// <summary>Drives, shares and device paths, all with spaces in them, from the application to the restored database.</summary>
public sealed class WindowsPathTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public WindowsPathTests() => Directory.CreateDirectory(_directory.File("my data"));

    public void Dispose() => _directory.Dispose();

    [WindowsFact]
    public Task On_a_drive() => ReplicatesAndRestores(_directory.File("my data"), _directory.File("my backup"));

    [WindowsFact]
    public Task By_device_paths() => ReplicatesAndRestores(@"\\?\" + _directory.File("my data"), @"\\?\" + _directory.File("my backup"));

    [ShareFact]
    public async Task To_a_share_and_from_there()
    {
        await ReplicatesAndRestores(_directory.File("my data"), ShareFactAttribute.OnShare(_directory.File("my backup")));

        Directory.Exists(_directory.File("my backup")).Should().BeTrue("the share is this drive");
    }

    [ShareFact]
    public Task To_a_share_by_its_device_path() =>
        ReplicatesAndRestores(_directory.File("my data"), DeviceOnShare(_directory.File("my backup")));

    [ShareFact]
    public async Task A_copy_is_restored_to_a_share()
    {
        var backup = _directory.File("my backup");
        await ReplicatesAndRestores(_directory.File("my data"), backup);
        await using var client = new FileReplicaClient(backup);

        string[] outputs = [ShareFactAttribute.OnShare(_directory.File("one.db")), DeviceOnShare(_directory.File("another.db"))];
        foreach (var output in outputs)
        {
            await client.RestoreAsync(new RestoreOptions { OutputPath = output, IntegrityCheck = IntegrityCheck.Full });
        }

        File.Exists(_directory.File("one.db")).Should().BeTrue();
        File.Exists(_directory.File("another.db")).Should().BeTrue();
    }

    [ShareFact]
    public async Task A_url_of_a_share_is_a_plain_path()
    {
        var folder = ShareFactAttribute.OnShare(_directory.File("my backup"));

        await using var client = new FileReplicaClientFactory().Create(new ReplicaClientContext
        {
            DatabaseName = "app",
            ReplicaName = "main",
            Url = folder,
            ContentRoot = _directory.Path,
        });

        client.Location.LocalPath.Should().BeEquivalentTo(folder);
    }

    [WindowsFact]
    public void A_database_on_a_share_is_refused_however_it_is_written()
    {
        foreach (var path in new[] { @"\\server\my share\app.db", "//server/my share/app.db", @"\\?\UNC\server\my share\app.db", @"\\.\UNC\server\my share\app.db" })
        {
            NetworkFileSystem.Find(Path.GetFullPath(path)).Should().Contain("server", "{0} is a share", path);
        }

        foreach (var path in new[] { _directory.File("app.db"), @"\\?\" + _directory.File("app.db"), @"\\.\" + _directory.File("app.db") })
        {
            NetworkFileSystem.Find(Path.GetFullPath(path)).Should().BeNull("{0} is a local disk", path);
        }
    }

    [ShareFact]
    public void A_database_on_a_share_is_refused_with_the_reason()
    {
        FluentActions.Invoking(() => DatabasePath.Resolve(ShareFactAttribute.OnShare(_directory.File("app.db"))))
            .Should().Throw<LitestreamException>().WithMessage("*network file system*localhost*local disk*");
    }

    private static string DeviceOnShare(string path) => @"\\?\UNC" + ShareFactAttribute.OnShare(path)[1..];

    private static async Task ReplicatesAndRestores(string data, string backup)
    {
        using var folder = new TempDirectory(data);
        using var database = new AppDatabase(folder, "my app.db");
        database.Execute("CREATE TABLE t(a)");
        database.Insert(20);
        await using var app = new ReplicatedApp(folder, name: "my app.db") { ReplicaPath = backup };
        await app.StartAsync();
        await app.SyncAsync();
        await app.Engine.SnapshotAsync(null, default);
        database.Insert(5);
        var position = await app.SyncAsync();
        await app.StopAsync();
        File.Exists(database.Path + "-wal").Should().BeTrue("the WAL stays when replication stops");

        var restored = await app.RestoreAsync(folder.File("my restored.db"));

        restored.Position.Covers(position).Should().BeTrue();
        using var copy = new AppDatabase(folder, "my restored.db", wal: false);
        copy.Scalar("SELECT count(*) FROM t").Should().Be(25);
    }
}
