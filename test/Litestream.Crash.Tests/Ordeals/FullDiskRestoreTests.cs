using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>A restore onto a disk that has not enough room.</summary>
public sealed class FullDiskRestoreTests
{
    [MountFact]
    public async Task A_restore_that_finds_no_room_says_so_and_leaves_nothing()
    {
        using var directory = new TempDirectory();
        await using var disk = await SmallDisk.MountAsync(megabytes: 1);
        using var database = new AppDatabase(directory);
        await using var app = new ReplicatedApp(directory);
        Ledger.Create(database.Connection);
        Ledger.Append(database.Connection, "large".PadRight(3 << 20, 'x'));
        await app.StartAsync();
        await app.SyncAsync();
        var target = Path.Combine(disk.Path, "folder", "app.db");

        var restore = () => app.RestoreAsync(target);

        (await restore.Should().ThrowAsync<Exception>()).Which.Message.Should().Contain("space");
        Directory.EnumerateFileSystemEntries(disk.Path).Should().BeEmpty();
        await app.RestoreAsync(directory.File("copy.db"));
        Ledger.Check(directory.File("copy.db")).Should().HaveCount(1);
    }
}
