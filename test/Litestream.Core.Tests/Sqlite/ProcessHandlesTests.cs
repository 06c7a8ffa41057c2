using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Sqlite;

/// <summary>
/// Closing any handle on the database or its -shm drops all of SQLite's locks in this process: commits are lost then.
/// Watched by /proc, so on Linux only.
/// </summary>
public sealed class ProcessHandlesTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Whatever_we_do_the_locks_of_the_application_stay()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        app.Insert(10);
        app.Execute("BEGIN");
        app.Scalar("SELECT count(*) FROM t");
        var before = Locks(app.Path).Concat(Locks(app.Path + "-shm")).ToList();
        before.Should().NotBeEmpty();

        using (var connection = Connections.Open(app.Path))
        using (var second = Connections.Open(app.Path))
        {
            var path = DatabasePath.Resolve(app.Path);
            path.Should().Be(app.Path);
            connection.BeginRead();
            connection.SnapshotHeader().Should().NotBeNull();
            second.CheckpointPassive();
            second.BeginImmediate();
            second.Rollback();
            var file = DatabaseFile.Attach(connection);
            var buffer = new byte[file.DatabaseSize()];
            file.ReadDatabase(0, buffer);
            file.ReadWal(0, buffer);
            file.SyncWal();
            file.SyncDatabase();
            WalIndex.Attach(connection).TryRead(out _).Should().BeTrue();
            connection.HasMoved().Should().BeFalse();
            connection.EndRead();
        }

        Locks(app.Path).Concat(Locks(app.Path + "-shm")).Should().Contain(before);
    }

    [Fact]
    public void No_file_is_opened_but_by_SQLite_one_for_each_connection()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        var (databases, wals, indexes) = (Handles(app.Path).Count, Handles(app.Path + "-wal").Count, Handles(app.Path + "-shm").Count);
        using var connection = Connections.Open(app.Path);
        var file = DatabaseFile.Attach(connection);

        file.ReadDatabase(0, new byte[100]);
        file.ReadWal(0, new byte[100]);
        WalIndex.Attach(connection).TryRead(out _).Should().BeTrue();

        Handles(app.Path).Should().HaveCount(databases + 1);
        Handles(app.Path + "-wal").Should().HaveCount(wals + 1);
        Handles(app.Path + "-shm").Should().HaveCount(indexes, "a process maps it once");
    }

    private static List<string> Handles(string path)
    {
        var handles = new List<string>();
        foreach (var link in Directory.GetFiles("/proc/self/fd"))
        {
            try
            {
                if (new FileInfo(link).LinkTarget == path)
                {
                    handles.Add(Path.GetFileName(link));
                }
            }
            catch (IOException)
            {
                // Closed by another test meanwhile.
            }
        }

        return handles;
    }

    // fdinfo shows the locks of this process on the file of each handle: "lock: 1: POSIX ADVISORY READ pid dev:inode from to".
    private static IEnumerable<string> Locks(string path) => Handles(path)
        .SelectMany(handle => File.ReadAllLines($"/proc/self/fdinfo/{handle}"))
        .Where(line => line.StartsWith("lock:", StringComparison.Ordinal) && line.Contains("POSIX", StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf("POSIX", StringComparison.Ordinal))..])
        .Distinct();
}
