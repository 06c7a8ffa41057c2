using System.Runtime.Versioning;
using Litestream.Replication;
using Litestream.Testing;

namespace Litestream.Storage;

/// <summary>An object that lies in a file already when a folder replica gets it.</summary>
public sealed class SpooledFileTests : IDisposable
{
    private const string Key = "generations/0123456789abcdef/snapshots/00000000.snapshot.lz4";

    private readonly TempDirectory _directory = new();
    private readonly byte[] _content = new byte[300_000];

    public SpooledFileTests() => new Random(1).NextBytes(_content);

    private string Spool => _directory.File("spool");

    private string Stored => Path.Join(_directory.File("replica"), Key);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_object_is_whole_and_outlives_the_spool()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        ReplicaObject written;
        using (var draft = Draft(Spool))
        {
            written = await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);
        }

        written.Size.Should().Be(_content.Length);
        written.CreatedAt.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1)).And.Be(File.GetLastWriteTimeUtc(Stored));
        (await File.ReadAllBytesAsync(Stored)).Should().Equal(_content);
        Directory.GetFiles(Path.GetDirectoryName(Stored)!).Should().Equal([Stored], "nothing unfinished is left");
        Directory.GetFiles(Spool).Should().BeEmpty();
    }

    [UnixFact]
    public async Task On_the_same_file_system_the_file_itself_becomes_the_object()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        using var draft = Draft(Spool);

        await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);

        Directory.GetFiles(Spool).Should().BeEmpty("it is no copy");
        Content(draft).Should().Equal(_content, "whoever wrote it can still read it");
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public async Task It_has_the_rights_and_the_time_that_a_copy_would_have()
    {
        var database = _directory.File("app.db");
        await File.WriteAllTextAsync(database, "");
        File.SetUnixFileMode(database, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        await using var client = new FileReplicaClient(_directory.File("replica"), database);
        using var draft = Draft(Spool);
        File.SetLastWriteTimeUtc(((FileStream)draft.Content).SafeFileHandle, DateTime.UtcNow.AddHours(-3));

        var written = await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);
        await client.WriteAsync("copied", new MemoryStream(_content), WriteMode.CreateNew);

        File.GetUnixFileMode(Stored).Should().Be(File.GetUnixFileMode(Path.Join(_directory.File("replica"), "copied")));
        written.CreatedAt.Should().BeCloseTo(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1), "it waited three hours for the store");
    }

    [Fact]
    public async Task A_name_that_is_taken_stays_as_it_is_and_the_object_can_go_elsewhere()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        await client.WriteAsync(Key, new MemoryStream([1, 2, 3]), WriteMode.CreateNew);
        using var draft = Draft(Spool);

        await client.Awaiting(c => c.WriteAsync(Key, draft.Content, WriteMode.CreateNew)).Should().ThrowAsync<ReplicaObjectExistsException>();
        await client.WriteAsync("other", draft.Content, WriteMode.CreateNew);

        (await File.ReadAllBytesAsync(Stored)).Should().Equal(1, 2, 3);
        (await File.ReadAllBytesAsync(Path.Join(_directory.File("replica"), "other"))).Should().Equal(_content);
    }

    [Fact]
    public async Task It_can_be_written_twice()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        using var draft = Draft(Spool);
        await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);
        File.Delete(Stored);
        draft.Content.Position = 0;

        await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);

        (await File.ReadAllBytesAsync(Stored)).Should().Equal(_content);
    }

    [Fact]
    public async Task What_has_been_read_from_in_part_is_copied_from_there()
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        using var draft = Draft(Spool);
        draft.Content.Position = 1000;

        await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);

        (await File.ReadAllBytesAsync(Stored)).Should().Equal(_content[1000..]);
    }

    [UnixFact]
    public async Task From_another_file_system_it_is_copied()
    {
        var elsewhere = Path.Combine("/dev/shm", $"litestream-net-{Guid.NewGuid():n}");
        if (!Directory.Exists("/dev/shm") || new DriveInfo("/dev/shm").Name == new DriveInfo(_directory.Path).Name)
        {
            return; // no second file system here
        }

        try
        {
            await using var client = new FileReplicaClient(_directory.File("replica"));
            using var draft = Draft(elsewhere);

            await client.WriteAsync(Key, draft.Content, WriteMode.CreateNew);

            (await File.ReadAllBytesAsync(Stored)).Should().Equal(_content);
            Directory.GetFiles(elsewhere).Should().ContainSingle("the spool keeps what is its own");
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    private static byte[] Content(ObjectDraft draft)
    {
        draft.Content.Position = 0;
        var read = new byte[draft.Content.Length];
        draft.Content.ReadExactly(read);
        return read;
    }

    private ObjectDraft Draft(string folder)
    {
        var draft = ObjectDraft.InFile(folder);
        draft.Content.Write(_content);
        draft.Content.Position = 0;
        return draft;
    }
}
