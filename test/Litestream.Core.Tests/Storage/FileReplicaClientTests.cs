using System.Runtime.Versioning;
using Litestream.Testing;

namespace Litestream.Core.Tests.Storage;

public sealed class FileReplicaClientTests : ReplicaClientContract, IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Root => _directory.File("replica");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_root_that_is_a_file_is_no_empty_replica()
    {
        await File.WriteAllTextAsync(Root, "");
        await using var client = CreateClient();
        await using var below = new FileReplicaClient(Path.Join(Root, "deeper", "still"));
        Func<Task>[] calls =
        [
            () => ListAsync(client, ""),
            () => ListAsync(client, "generations/"),
            () => PrefixesAsync(client, "generations/"),
            () => ListAsync(below, "generations/"),
            () => WriteAsync(client, "a/b", [1]),
        ];

        foreach (var call in calls)
        {
            (await call.Should().ThrowAsync<ReplicaException>()).WithMessage($"*{Root}*").Which.IsTransient.Should().BeFalse();
        }
    }

    [UnixFact(Unprivileged = true)]
    [UnsupportedOSPlatform("windows")]
    public async Task A_folder_that_may_not_be_read_is_no_empty_replica()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "generations/a/b", [1]);
        File.SetUnixFileMode(Path.Join(Root, "generations"), UnixFileMode.None);
        Func<Task>[] calls =
        [
            () => ListAsync(client, ""),
            () => PrefixesAsync(client, "generations/"),
            () => ReadAsync(client, "generations/a/b"),
            () => WriteAsync(client, "generations/a/c", [1]),
        ];

        foreach (var call in calls)
        {
            (await call.Should().ThrowAsync<ReplicaException>()).WithMessage("*permission*").Which.IsTransient.Should().BeFalse();
        }

        File.SetUnixFileMode(Path.Join(Root, "generations"), (UnixFileMode)0x1C0);
    }

    [Fact]
    public async Task The_first_write_removes_what_killed_processes_left_and_nothing_else()
    {
        Directory.CreateDirectory(Path.Join(Root, "g", "snapshots"));
        var (left, young, open, foreign) = (Old("g/snapshots/0.snapshot.lz4.1a2b3c4d.tmp"), Old("g/a.1a2b3c4d.tmp"), Old("g/b.1a2b3c4d.tmp"), Old("g/notes.tmp"));
        File.SetLastWriteTimeUtc(young, DateTime.UtcNow);
        await using (new FileStream(open, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete))
        {
            await using var client = CreateClient();
            await WriteAsync(client, "g/c", [1]);
        }

        File.Exists(left).Should().BeFalse();
        File.Exists(young).Should().BeTrue("its writer may be at it, on a file system without locks");
        File.Exists(open).Should().BeTrue("its writer has it open");
        File.Exists(foreign).Should().BeTrue("it is none of ours");

        string Old(string name)
        {
            var path = Path.Join(Root, name);
            File.WriteAllBytes(path, [1, 2, 3]);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-1));
            return path;
        }
    }

    [Fact]
    public async Task Does_not_see_unfinished_writes()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "g/a", [1]);
        await File.WriteAllBytesAsync(Path.Join(Root, "g", "b.1a2b3c4d.tmp"), [1]);
        await File.WriteAllBytesAsync(Path.Join(Root, "g", "c.tmp"), [1]);

        (await ListAsync(client, "")).Select(o => o.Key).Should().Equal("g/a");
    }

    [Fact]
    public async Task Refuses_a_key_that_would_not_be_seen()
    {
        await using var client = CreateClient();
        var write = () => WriteAsync(client, "g/a.tmp", [1]);

        await write.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Leaves_no_temporary_file_behind()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "g/a", [1], WriteMode.CreateNew);
        await WriteAsync(client, "g/a", [2]);
        var conflict = () => WriteAsync(client, "g/a", [3], WriteMode.CreateNew);
        var failure = () => client.WriteAsync("g/b", new BrokenStream());
        await conflict.Should().ThrowAsync<ReplicaObjectExistsException>();
        await failure.Should().ThrowAsync<ReplicaException>();

        Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Should().Equal(Path.Join(Root, "g", "a"));
    }

    [Fact]
    public async Task Removes_folders_that_become_empty_but_not_the_root()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "generations/a/wal/x", [1]);
        await WriteAsync(client, "generations/b/wal/x", [1]);

        await client.DeleteAsync(["generations/a/wal/x"]);
        Directory.GetDirectories(Path.Join(Root, "generations")).Should().Equal(Path.Join(Root, "generations", "b"));

        await client.DeleteAsync(["generations/b/wal/x"]);
        Directory.Exists(Root).Should().BeTrue();
        Directory.EnumerateFileSystemEntries(Root).Should().BeEmpty();
    }

    [Fact]
    public async Task An_empty_folder_is_no_prefix()
    {
        Directory.CreateDirectory(Path.Join(Root, "generations", "a", "wal"));
        await using var client = CreateClient();

        (await PrefixesAsync(client, "generations/")).Should().BeEmpty();
    }

    [Fact]
    public async Task Shows_the_time_of_the_file()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a", [1]);
        var time = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc);

        File.SetLastWriteTimeUtc(Path.Join(Root, "a"), time);

        (await ListAsync(client, "")).Single().CreatedAt.Should().Be(new DateTimeOffset(time));
    }

    [UnixFact]
    public async Task A_reader_keeps_the_object_it_opened()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a", [1, 2, 3]);
        await using var stream = await client.OpenReadAsync("a");

        await WriteAsync(client, "a", [9, 9, 9, 9]);

        var content = new byte[8];
        (await stream.ReadAtLeastAsync(content, 8, throwOnEndOfStream: false)).Should().Be(3);
        content[..3].Should().Equal(1, 2, 3);
    }

    [Fact]
    public void The_location_leads_back_to_the_folder()
    {
        var folder = _directory.File("a b%20c#d");

        new FileReplicaClient(folder + Path.DirectorySeparatorChar).Location.LocalPath.Should().Be(folder);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Takes_access_rights_from_the_database_and_its_folder()
    {
        var database = _directory.File("app.db");
        await File.WriteAllBytesAsync(database, []);
        const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        const UnixFileMode folder = file | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
        File.SetUnixFileMode(database, file);
        File.SetUnixFileMode(_directory.Path, folder);
        await using var client = new FileReplicaClient(Root, database);

        await WriteAsync(client, "g/a", [1]);

        File.GetUnixFileMode(Path.Join(Root, "g", "a")).Should().Be(file);
        File.GetUnixFileMode(Path.Join(Root, "g")).Should().Be(folder);
        File.GetUnixFileMode(Root).Should().Be(folder);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task Without_a_database_only_the_owner_has_access()
    {
        await using var client = CreateClient();

        await WriteAsync(client, "g/a", [1]);

        File.GetUnixFileMode(Path.Join(Root, "g", "a")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Root).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    protected override IReplicaClient CreateClient() => new FileReplicaClient(Root);

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("broken");
    }
}
