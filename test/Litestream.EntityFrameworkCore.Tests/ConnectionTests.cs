using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Litestream.EntityFrameworkCore;

/// <summary>What is set on the application's connections, when, and when it is taken back.</summary>
public sealed class ConnectionTests : IAsyncDisposable
{
    private readonly NotesApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task While_the_database_is_replicated_auto_checkpoint_is_off_and_there_is_a_busy_timeout()
    {
        await _app.Build().StartAsync();

        await _app.UseAsync(async db =>
        {
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(0);
            (await NotesApp.PragmaAsync(db, "busy_timeout")).Should().Be(5000);
        });
    }

    [Fact]
    public async Task Without_it_a_connection_is_as_Microsoft_Data_Sqlite_makes_it()
    {
        await _app.Build(use: false).StartAsync();

        await _app.UseAsync(async db =>
        {
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(1000);
            (await NotesApp.PragmaAsync(db, "busy_timeout")).Should().Be(0);
        });
    }

    [Fact]
    public async Task Both_can_be_set_otherwise()
    {
        await _app.Build(options =>
        {
            options.BusyTimeout = TimeSpan.FromMilliseconds(1234);
            options.TakeOverCheckpoints = false;
        }).StartAsync();

        await _app.UseAsync(async db =>
        {
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(1000);
            (await NotesApp.PragmaAsync(db, "busy_timeout")).Should().Be(1234);
        });
    }

    [Fact]
    public async Task A_connection_of_the_pool_gets_auto_checkpoint_back_once_nobody_replicates()
    {
        await _app.Build().StartAsync();
        await _app.UseAsync(async db => (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(0));

        await _app.Host.StopAsync();

        await _app.UseAsync(async db => (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(1000));
    }

    [Fact]
    public async Task A_connection_that_stays_open_gets_it_back_with_its_next_commit()
    {
        await _app.Build().StartAsync();

        await _app.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(0);
            await _app.Host.StopAsync();
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(0, "nothing has told it yet");
            db.Add(new Note { Text = "a" });
            await db.SaveChangesAsync();
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(1000);
        });
    }

    [Fact]
    public async Task What_the_application_has_set_itself_stays()
    {
        await _app.Build().StartAsync();
        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={_app.DatabasePath}"));
        await using var connection = new SqliteConnection($"Data Source={_app.DatabasePath}");
        await connection.OpenAsync();
        await ExecuteAsync(connection, "PRAGMA busy_timeout=77");
        await ExecuteAsync(connection, "PRAGMA wal_autocheckpoint=0");

        connection.UseLitestream(_app.Database);
        await _app.Host.StopAsync();
        await connection.CloseAsync();
        await connection.OpenAsync();

        (await ScalarAsync(connection, "PRAGMA busy_timeout")).Should().Be(77);
        (await ScalarAsync(connection, "PRAGMA wal_autocheckpoint")).Should().Be(0);
    }

    [Fact]
    public async Task A_plain_connection_keeps_a_backstop_because_it_cannot_tell_when_nobody_replicates_any_more()
    {
        await _app.Build().StartAsync();
        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={_app.DatabasePath}"));
        await using var connection = new SqliteConnection($"Data Source={_app.DatabasePath}").UseLitestream(_app.Database);
        await connection.OpenAsync();

        (await ScalarAsync(connection, "PRAGMA wal_autocheckpoint")).Should().Be(20_000);
        (await ScalarAsync(connection, "PRAGMA busy_timeout")).Should().Be(5000);
        await _app.Host.StopAsync();
        await connection.CloseAsync();
        await connection.OpenAsync();
        (await ScalarAsync(connection, "PRAGMA wal_autocheckpoint")).Should().Be(1000);
    }

    [Fact]
    public async Task A_database_that_is_not_replicated_is_left_alone_and_it_is_said_once()
    {
        await _app.Build().StartAsync();
        var path = _app.DatabasePath + "2";
        var options = new DbContextOptionsBuilder<NotesDb>()
            .UseSqlite($"Data Source={path}").UseApplicationServiceProvider(_app.Host.Services).UseLitestream().Options;

        for (var i = 0; i < 3; i++)
        {
            await using var db = new NotesDb(options);
            await db.Database.MigrateAsync();
            (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(1000);
        }

        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={path}"));
        _app.Logged("NotReplicated").Should().ContainSingle().Which.Message.Should().Contain(path);
    }

    [Fact]
    public async Task Without_AddLitestream_a_context_works_as_ever()
    {
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>().UseSqlite($"Data Source={_app.DatabasePath}").UseLitestream().Options);

        await db.Database.MigrateAsync();
        db.Add(new Note { Text = "a" });
        await db.SaveChangesAsync();

        (await db.Notes.CountAsync()).Should().Be(1);
    }

    [UnixFact]
    public async Task The_database_is_found_through_a_symbolic_link()
    {
        await _app.Build().StartAsync();
        var link = _app.DatabasePath + ".link";
        File.CreateSymbolicLink(link, _app.DatabasePath);
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>()
            .UseSqlite($"Data Source={link}").UseApplicationServiceProvider(_app.Host.Services).UseLitestream().Options);

        db.Database.GetLitestreamDatabase().Name.Should().Be("notes");
        (await NotesApp.PragmaAsync(db, "wal_autocheckpoint")).Should().Be(0);
        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={link}"));
    }

    [Theory]
    [InlineData("save")]
    [InlineData("transaction")]
    [InlineData("statement")]
    public async Task The_replication_is_told_of_a_commit_and_not_of_what_is_none(string how)
    {
        var database = CountingDatabase.Create(_app.DatabasePath);
        var options = new DbContextOptionsBuilder<NotesDb>()
            .UseSqlite($"Data Source={_app.DatabasePath}").UseLitestream(o => o.Litestream = CountingReplication.Of(database)).Options;
        await using var db = new NotesDb(options);
        await db.Database.MigrateAsync();
        var before = database.Notified;

        switch (how)
        {
            case "save":
                db.Add(new Note { Text = "a" });
                await db.SaveChangesAsync();
                break;
            case "statement":
                await db.Database.ExecuteSqlAsync($"INSERT INTO Notes (Text) VALUES ('a')");
                break;
            case "transaction":
                await using (var transaction = await db.Database.BeginTransactionAsync())
                {
                    db.Add(new Note { Text = "a" });
                    await db.SaveChangesAsync();
                    await db.Database.ExecuteSqlAsync($"INSERT INTO Notes (Text) VALUES ('a')");
                    database.Notified.Should().Be(before, "nothing is committed yet");
                    await transaction.CommitAsync();
                }

                break;
        }

        database.Notified.Should().BeGreaterThan(before);
        var committed = database.Notified;
        (await db.Notes.CountAsync()).Should().BePositive();
        database.Notified.Should().Be(committed);
        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={_app.DatabasePath}"));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        var builder = new DbContextOptionsBuilder<NotesDb>();

        builder.Invoking(b => b.UseLitestream(options => options.BusyTimeout = TimeSpan.FromSeconds(-1)))
            .Should().Throw<ArgumentException>().WithMessage("*BusyTimeout is -00:00:01*");
    }

    [Fact]
    public void Said_twice_it_counts_once()
    {
        var options = new DbContextOptionsBuilder<NotesDb>().UseLitestream().UseLitestream().Options;

        options.FindExtension<Microsoft.EntityFrameworkCore.Infrastructure.CoreOptionsExtension>()!.Interceptors.Should().ContainSingle();
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql) => await ScalarAsync(connection, sql);

    private static async Task<long> ScalarAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is the test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync() is long value ? value : -1;
    }
}
