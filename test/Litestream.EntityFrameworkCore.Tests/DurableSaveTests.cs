using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;

namespace Litestream.EntityFrameworkCore;

public sealed class DurableSaveTests : IAsyncDisposable
{
    private readonly NotesApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task What_was_saved_durably_is_on_the_replica()
    {
        await _app.Build(litestream: LongInterval, use: false).StartAsync();

        var written = await _app.UseAsync(db =>
        {
            db.AddRange(new Note { Text = "a" }, new Note { Text = "b" });
            return db.SaveChangesDurablyAsync();
        });

        written.Should().Be(2);
        (await _app.RestoredAsync()).Should().Equal("a", "b");
    }

    [Fact]
    public async Task Within_a_transaction_saving_is_refused_and_committing_waits()
    {
        await _app.Build(litestream: LongInterval).StartAsync();

        var position = await _app.UseAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Add(new Note { Text = "a" });
            await db.Invoking(d => d.SaveChangesDurablyAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*CommitTransactionDurablyAsync*");
            await db.SaveChangesAsync();
            return await db.Database.CommitTransactionDurablyAsync();
        });

        (await _app.RestoredAsync(position)).Should().Equal("a");
    }

    [Fact]
    public async Task A_context_whose_database_is_not_replicated_saves_nothing_and_says_which_are()
    {
        await _app.Build().StartAsync();
        var other = _app.DatabasePath + "2";
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>()
            .UseSqlite($"Data Source={other}").UseApplicationServiceProvider(_app.Host.Services).Options);
        db.Add(new Note { Text = "a" });

        await db.Invoking(d => d.SaveChangesDurablyAsync()).Should().ThrowAsync<InvalidOperationException>()
            .WithMessage($"*{other}*not replicated*notes ({_app.DatabasePath})*");
        File.Exists(other).Should().BeFalse();
    }

    [Fact]
    public async Task A_context_that_does_not_come_from_services_names_its_replication()
    {
        await _app.Build(litestream: LongInterval).StartAsync();
        var litestream = _app.Host.Services.GetService(typeof(ILitestream)) as ILitestream;
        await using var nameless = new NotesDb(new DbContextOptionsBuilder<NotesDb>().UseSqlite($"Data Source={_app.DatabasePath}").Options);
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>()
            .UseSqlite($"Data Source={_app.DatabasePath}").UseLitestream(options => options.Litestream = litestream).Options);
        db.Add(new Note { Text = "a" });

        await nameless.Invoking(d => d.SaveChangesDurablyAsync()).Should().ThrowAsync<InvalidOperationException>().WithMessage("*UseLitestream*");
        await db.SaveChangesDurablyAsync();

        (await _app.RestoredAsync()).Should().Equal("a");
        db.Database.GetLitestreamDatabase().Name.Should().Be("notes");
    }

    [Fact]
    public async Task The_same_works_before_the_host_has_started()
    {
        _app.Build();
        await _app.Host.RestoreLitestreamAsync();
        await _app.UseAsync(db => db.Database.MigrateAsync());

        await _app.UseAsync(db =>
        {
            db.Add(new Note { Text = "seed" });
            return db.SaveChangesDurablyAsync();
        });

        (await _app.RestoredAsync()).Should().Equal("seed");
        await _app.Host.StartAsync();
        await _app.UseAsync(db =>
        {
            db.Add(new Note { Text = "more" });
            return db.SaveChangesDurablyAsync();
        });
        (await _app.RestoredAsync()).Should().Equal("seed", "more");
    }

    [Fact]
    public async Task A_plain_transaction_is_committed_durably_too()
    {
        await _app.Build(litestream: LongInterval).StartAsync();
        await using var connection = new SqliteConnection($"Data Source={_app.DatabasePath}").UseLitestream(_app.Database);
        await connection.OpenAsync();
        await using var transaction = connection.BeginTransaction();
        await using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO Notes (Text) VALUES ('plain')";
        await command.ExecuteNonQueryAsync();

        var position = await transaction.CommitDurablyAsync(_app.Database).WaitAsync(NotesApp.Patience);

        (await _app.RestoredAsync(position)).Should().Equal("plain");
    }

    /// <summary>Nothing gets to the replica unless somebody waits for it.</summary>
    private static void LongInterval(LitestreamOptions options) =>
        options.Databases["notes"].Replicas["file"].SyncInterval = TimeSpan.FromHours(1);
}
