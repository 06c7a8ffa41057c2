using System.Runtime.InteropServices;
using Litestream.Sqlite;
using Litestream.Testing;
using SQLitePCL;

namespace Litestream.Core.Tests.Sqlite;

public sealed partial class DatabaseConnectionTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_missing_file_is_a_transient_failure_and_is_not_created()
    {
        var path = _directory.File("none.db");

        var open = () => DatabaseConnection.Open(path, TimeSpan.Zero);

        open.Should().Throw<SqliteFailure>().WithMessage($"{path}*does not exist*")
            .Which.IsTransient.Should().BeTrue();
        File.Exists(path).Should().BeFalse();
    }

    [Fact]
    public void A_folder_is_refused()
    {
        var open = () => DatabaseConnection.Open(_directory.Path, TimeSpan.Zero);

        open.Should().Throw<SqliteFailure>().WithMessage($"{_directory.Path}*folder*")
            .Which.IsTransient.Should().BeFalse();
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        var path = _directory.File("text.db");
        File.WriteAllText(path, new string('x', 5000));
        using var connection = DatabaseConnection.Open(path, TimeSpan.Zero);

        var read = connection.EnsureWalMode;

        var failure = read.Should().Throw<SqliteFailure>().WithMessage($"{path}*not a database*").Which;
        failure.PrimaryCode.Should().Be(raw.SQLITE_NOTADB);
        failure.IsTransient.Should().BeFalse();
    }

    [NotUnderWineFact("under Wine the superuser writes to files that can only be read")]
    public void A_file_that_can_only_be_read_is_refused()
    {
        using (var app = new AppDatabase(_directory))
        {
            app.Execute("CREATE TABLE t(a)");
        }

        var path = _directory.File("app.db");
        LitestreamException? failure = null;

        // Root may write everything; a thread whose file system user is nobody may not.
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux())
            {
                _ = SetFileSystemUser(65534);
            }

            failure = Record(() => DatabaseConnection.Open(path, TimeSpan.Zero).Dispose());
        });
        if (OperatingSystem.IsWindows())
        {
            File.SetAttributes(path, FileAttributes.ReadOnly);
        }
        else
        {
            File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(path, (UnixFileMode)0b100_100_100);
        }

        thread.Start();
        thread.Join();

        failure.Should().BeOfType<SqliteFailure>().Which.Message.Should().StartWith(path).And.Contain("can only be read");
        failure.As<SqliteFailure>().IsTransient.Should().BeFalse();
    }

    [Fact]
    public void Switches_a_database_with_a_rollback_journal_to_WAL_mode()
    {
        using var app = new AppDatabase(_directory, wal: false);
        app.Execute("CREATE TABLE t(a)");
        using var connection = DatabaseConnection.Open(app.Path, TimeSpan.Zero);

        connection.EnsureWalMode();

        connection.JournalMode().Should().Be("wal");
        app.Execute("INSERT INTO t VALUES(1)");
        File.Exists(app.Path + "-wal").Should().BeTrue();
        WalIndex.Attach(connection).TryRead(out var header).Should().BeTrue();
        header.MaxFrame.Should().BeGreaterThan(0);
    }

    [Fact]
    public void Switches_a_file_of_no_bytes_to_WAL_mode()
    {
        var path = _directory.File("empty.db");
        File.WriteAllBytes(path, []);
        using var connection = DatabaseConnection.Open(path, TimeSpan.Zero);

        connection.EnsureWalMode();

        connection.JournalMode().Should().Be("wal");
        WalIndex.Attach(connection).TryRead(out _).Should().BeTrue();
    }

    [Fact]
    public void A_database_that_cannot_be_switched_since_it_is_in_use_is_a_transient_failure()
    {
        using var app = new AppDatabase(_directory, wal: false);
        app.Execute("CREATE TABLE t(a)");
        app.Execute("BEGIN IMMEDIATE");
        using var connection = DatabaseConnection.Open(app.Path, TimeSpan.Zero);

        var change = connection.EnsureWalMode;

        change.Should().Throw<SqliteFailure>().WithMessage($"{app.Path}*locked*").Which.IsTransient.Should().BeTrue();
        app.Execute("COMMIT");
        change.Should().NotThrow();
    }

    [Fact]
    public void A_database_that_is_locked_is_a_transient_failure()
    {
        using var app = new AppDatabase(_directory, wal: false);
        app.Execute("CREATE TABLE t(a)");
        app.Execute("BEGIN EXCLUSIVE");
        using var connection = DatabaseConnection.Open(app.Path, TimeSpan.Zero);

        var read = connection.BeginRead;

        read.Should().Throw<SqliteFailure>().Which.IsTransient.Should().BeTrue();
        connection.InTransaction.Should().BeFalse();
    }

    [Fact]
    public void Does_not_parse_the_schema_to_hold_a_read_mark()
    {
        using var app = new AppDatabase(_directory);
        for (var i = 0; i < 50; i++)
        {
            app.Execute($"CREATE TABLE t{i}(a, b, c)");
        }

        using var connection = Connections.Open(app.Path);
        const int schemaUsed = 2;

        connection.BeginRead();

        connection.InTransaction.Should().BeTrue();
        raw.sqlite3_db_status(connection.Handle, schemaUsed, out var parsed, out _, 0);
        connection.QueryLong("SELECT count(*) FROM sqlite_schema").Should().Be(50);
        raw.sqlite3_db_status(connection.Handle, schemaUsed, out var whole, out _, 0);
        parsed.Should().BeLessThan(1000);
        whole.Should().BeGreaterThan(5000);
    }

    [Fact]
    public void Never_checkpoints_by_itself()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        app.Execute("PRAGMA wal_autocheckpoint=0");
        using var connection = Connections.Open(app.Path);
        for (var i = 0; i < 1100; i++)
        {
            connection.Execute("INSERT INTO t VALUES(1)");
        }

        // Had it checkpointed at SQLite's default of 1000, the WAL would have restarted.
        WalIndex.Attach(connection).TryRead(out var header).Should().BeTrue();
        header.MaxFrame.Should().BeGreaterThan(1100);
        WalIndex.Attach(connection).Backfilled.Should().Be(0);
    }

    [Fact]
    public void Keeps_the_WAL_when_it_closes_last()
    {
        var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using (var connection = Connections.Open(app.Path))
        {
            app.Dispose();
            File.Exists(app.Path + "-wal").Should().BeTrue("the application's last close checkpoints only if nobody else has the database open");
        }

        var wal = SharedFile.ReadAllBytes(app.Path + "-wal");
        wal.Should().NotBeEmpty();
        using (var connection = Connections.Open(app.Path))
        {
            WalIndex.Attach(connection).TryRead(out var header);
            header.MaxFrame.Should().BeGreaterThan(0);
        }

        SharedFile.ReadAllBytes(app.Path + "-wal").Should().Equal(wal);
    }

    [Fact]
    public void An_application_that_closes_last_removes_the_WAL()
    {
        var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        Connections.Open(app.Path).Dispose();

        app.Dispose();

        File.Exists(app.Path + "-wal").Should().BeFalse();
    }

    [Fact]
    public void The_write_lock_of_the_application_is_waited_for_and_then_reported_as_transient()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        app.Execute("BEGIN IMMEDIATE");
        using var connection = DatabaseConnection.Open(app.Path, TimeSpan.FromMilliseconds(20));

        var begin = connection.BeginImmediate;

        begin.Should().Throw<SqliteFailure>().Which.PrimaryCode.Should().Be(raw.SQLITE_BUSY);
        connection.InTransaction.Should().BeFalse();
        app.Execute("COMMIT");
        begin.Should().NotThrow();
        connection.Rollback();
        connection.InTransaction.Should().BeFalse();
    }

    [Fact]
    public void Knows_whether_the_path_still_leads_to_the_open_file()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var connection = Connections.Open(app.Path);
        connection.HasMoved().Should().BeFalse();
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        File.Move(app.Path, app.Path + ".old");

        connection.HasMoved().Should().BeTrue();
    }

    [Fact]
    public void Asks_a_question_that_has_no_answer()
    {
        using var app = new AppDatabase(_directory);
        using var connection = Connections.Open(app.Path);

        connection.QueryText("SELECT 1 WHERE 0").Should().BeNull();
        connection.QueryText("SELECT NULL").Should().BeNull();
        connection.Invoking(c => c.QueryLong("SELECT 1 WHERE 0")).Should().Throw<SqliteFailure>();
        connection.Invoking(c => c.QueryLong("SELECT x")).Should().Throw<SqliteFailure>().WithMessage("*no such column*");
    }

    [Fact]
    public void Cannot_be_used_once_it_is_closed()
    {
        using var app = new AppDatabase(_directory);
        var connection = Connections.Open(app.Path);
        var index = WalIndex.Attach(connection);
        var file = DatabaseFile.Attach(connection);

        connection.Dispose();
        connection.Dispose();

        connection.Invoking(c => c.BeginRead()).Should().Throw<ObjectDisposedException>();
        connection.Invoking(c => c.InTransaction).Should().Throw<ObjectDisposedException>();
        index.Invoking(i => i.TryRead(out _)).Should().Throw<ObjectDisposedException>();
        index.Invoking(i => i.Backfilled).Should().Throw<ObjectDisposedException>();
        file.Invoking(f => f.WalSize()).Should().Throw<ObjectDisposedException>();
    }

    private static LitestreamException? Record(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (LitestreamException e)
        {
            return e;
        }
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileSystemUser(uint user);
}
