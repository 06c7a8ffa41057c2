using System.Runtime.Versioning;
using Litestream.Testing;

namespace Litestream.Security;

/// <summary>Who may not read the database may not read what is made of it: modes of everything that is written.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class AccessTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersFolder = Owner | UnixFileMode.UserExecute;
    private const UnixFileMode Group = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode OpenFolder =
        OwnersFolder | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    [UnixFact]
    public async Task Nobody_reads_a_private_database_from_what_lies_beside_it_or_on_the_replica()
    {
        using var folder = new TempDirectory();
        File.SetUnixFileMode(folder.Path, OpenFolder);
        using var database = new AppDatabase(folder);
        File.SetUnixFileMode(database.Path, Owner);
        database.Execute("CREATE TABLE t(a)");
        await using var app = new ReplicatedApp(folder);
        await app.StartAsync();
        await app.SyncAsync();
        database.Insert(5); // behind the first snapshot, so that there is a segment too
        await app.SyncAsync();

        var readable = Content(app.MetaPath).Concat(Content(app.ReplicaPath)).Where(file => IsReachable(file, folder.Path, Group | Others)).ToList();

        Content(app.MetaPath).Should().Contain(file => file.EndsWith(".wal", StringComparison.Ordinal));
        Content(app.ReplicaPath).Should().HaveCountGreaterThan(1);
        readable.Should().BeEmpty();
    }

    [UnixFact]
    public async Task A_database_that_became_private_takes_its_copy_along_at_the_next_start()
    {
        using var folder = new TempDirectory();
        File.SetUnixFileMode(folder.Path, OpenFolder);
        using var database = new AppDatabase(folder);
        File.SetUnixFileMode(database.Path, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        database.Execute("CREATE TABLE t(a)");
        await using var app = new ReplicatedApp(folder);
        await app.StartAsync();
        await app.SyncAsync();
        await app.StopAsync();
        File.SetUnixFileMode(database.Path, Owner | UnixFileMode.GroupRead);

        await app.StartAsync();
        database.Insert(5);
        await app.SyncAsync();

        Content(app.MetaPath).Where(file => IsReachable(file, folder.Path, Others)).Should().BeEmpty();
        Content(app.MetaPath).Where(file => IsReachable(file, folder.Path, Group)).Should().NotBeEmpty("the group may read the database too");
    }

    [UnixFact]
    public async Task A_restored_database_is_for_its_owner_alone_from_its_first_byte_on()
    {
        using var folder = new TempDirectory();
        using var database = new AppDatabase(folder);
        database.Execute("CREATE TABLE t(a)");
        await using var app = new ReplicatedApp(folder);
        await app.StartAsync();
        database.Insert(50);
        await app.SyncAsync();
        var target = folder.File("out/restored.db");
        var seen = new List<(string Name, UnixFileMode Mode)>();

        await app.RestoreAsync(target, options => options.Progress = new Looking(() =>
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(target)!))
            {
                seen.Add((file, File.GetUnixFileMode(file)));
            }
        }));

        File.GetUnixFileMode(target).Should().Be(Owner);
        seen.Should().NotBeEmpty();
        seen.Where(file => (file.Mode & (Group | Others)) != 0).Should().BeEmpty();
    }

    /// <summary>What holds pages or frames: not the lock, and not the state.</summary>
    private static List<string> Content(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) is not ("lock" or "state"))];

    private static bool IsReachable(string file, string root, UnixFileMode who)
    {
        var mode = File.GetUnixFileMode(file) & who & (UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        for (var folder = Path.GetDirectoryName(file)!; folder.Length >= root.Length; folder = Path.GetDirectoryName(folder)!)
        {
            var open = File.GetUnixFileMode(folder);
            mode &= ((open & UnixFileMode.GroupExecute) != 0 ? UnixFileMode.GroupRead : 0) | ((open & UnixFileMode.OtherExecute) != 0 ? UnixFileMode.OtherRead : 0);
        }

        return mode != 0;
    }

    private sealed class Looking(Action look) : IProgress<RestoreProgress>
    {
        public void Report(RestoreProgress value) => look();
    }
}
