using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Sqlite;

public sealed class DatabasePathTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", "*empty*")]
    [InlineData("  ", "*empty*")]
    [InlineData(":memory:", "*in memory*")]
    [InlineData("file::memory:?cache=shared", "*in memory*")]
    [InlineData("file:app.db", "*URI*")]
    [InlineData("FILE:///var/app.db?mode=ro", "*URI*")]
    [InlineData("Data Source=app.db", "*connection string*")]
    [InlineData("datasource = app.db;Cache=Shared", "*connection string*")]
    [InlineData("Filename=app.db", "*connection string*")]
    [InlineData("Cache=Shared;Data Source=app.db", "*connection string*")]
    [InlineData("a\0b", "*NUL*")]
    [InlineData("folder/", "*folder*")]
    public void What_is_no_path_is_refused_by_name(string path, string message)
    {
        var resolve = () => DatabasePath.Resolve(path);

        resolve.Should().Throw<ArgumentException>().WithMessage(message);
    }

    [Fact]
    public void A_password_in_a_connection_string_is_not_repeated()
    {
        var resolve = () => DatabasePath.Resolve("Data Source=app.db;Password=hunter2");

        resolve.Should().Throw<ArgumentException>().Which.Message.Should().NotContain("hunter2");
    }

    [Fact]
    public void A_file_name_may_contain_an_equals_sign()
    {
        DatabasePath.Resolve(_directory.File("a=b.db")).Should().Be(_directory.File("a=b.db"));
    }

    [Fact]
    public void A_relative_path_starts_from_the_given_folder()
    {
        DatabasePath.Resolve("data/../app.db", _directory.Path).Should().Be(_directory.File("app.db"));
    }

    [Fact]
    public void Symbolic_links_are_resolved_on_the_whole_way_as_SQLite_does()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(_directory.File("real"));
        Directory.CreateSymbolicLink(_directory.File("folder"), "real");
        using (var app = new AppDatabase(_directory, "real/app.db"))
        {
            File.CreateSymbolicLink(_directory.File("link.db"), Path.Combine("folder", "app.db"));
            File.CreateSymbolicLink(_directory.File("link2.db"), _directory.File("link.db"));

            var path = DatabasePath.Resolve(_directory.File("link2.db"));

            path.Should().Be(app.Path);
            using var connection = DatabaseConnection.Open(_directory.File("link2.db"), TimeSpan.Zero);
            connection.QueryText("SELECT file FROM pragma_database_list").Should().Be(path);
        }

        DatabasePath.Resolve(_directory.File("folder/not/there.db")).Should().Be(_directory.File("real/not/there.db"));
    }

    [Fact]
    public void Links_in_a_circle_are_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.CreateSymbolicLink(_directory.File("a"), "b");
        File.CreateSymbolicLink(_directory.File("b"), "a");

        var resolve = () => DatabasePath.Resolve(_directory.File("a"));

        resolve.Should().Throw<LitestreamException>().WithMessage("*circle*");
    }

    [Theory]
    [InlineData("/srv/data/app.db", "nfs4")]
    [InlineData("/srv/data", "nfs4")]
    [InlineData("/srv/data2/app.db", null)]
    [InlineData("/srv/data/local/app.db", null)]
    [InlineData("/mnt/my share/app.db", "cifs")]
    [InlineData("/mnt/over/app.db", null)]
    [InlineData("/mnt/ssh/app.db", "fuse.sshfs")]
    [InlineData("/app.db", null)]
    public void The_file_system_is_that_of_the_longest_mount_point(string path, string? expected)
    {
        string[] mounts =
        [
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
            "30 22 0:40 / /srv/data rw shared:2 master:3 - nfs4 server:/export rw,vers=4.2",
            "31 30 8:2 / /srv/data/local rw - xfs /dev/sdb1 rw",
            @"32 22 0:41 / /mnt/my\040share rw - cifs //server/share rw",
            "33 22 0:42 / /mnt/over rw - nfs server:/old rw",
            "34 22 8:3 / /mnt/over rw - ext4 /dev/sdc1 rw",
            "35 22 0:43 / /mnt/ssh rw - fuse.sshfs host:/ rw",
            "a line of nonsense",
        ];

        NetworkFileSystem.Find(path, mounts).Should().Be(expected);
    }

    [Fact]
    public void A_temporary_folder_is_local()
    {
        NetworkFileSystem.Find(_directory.Path).Should().BeNull();
    }
}
