using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Hosting;

namespace Litestream.EntityFrameworkCore;

public sealed class MigrationTests : IAsyncDisposable
{
    private readonly NotesApp _app = new();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_migration_can_be_undone_by_going_back_to_the_point_before_it()
    {
        await BeginAtFirstMigrationAsync("quiet");

        var points = await _app.UseAsync(db => db.Database.MigrateWithRestorePointsAsync());

        points.Select(point => point.Name).Should().Equal("before 20260201000000_Shout", "after 20260201000000_Shout");
        points.Should().OnlyContain(point => point.Database == "notes" && point.Path == _app.DatabasePath);
        (await _app.RestoredAsync(points[0].Position)).Should().Equal("quiet");
        (await _app.RestoredAsync(points[1].Position)).Should().Equal("QUIET");
        var logged = _app.Logged("RestorePoint").Select(record => record.Message).ToList();
        logged.Should().HaveCount(2);
        logged[0].Should().Contain("before 20260201000000_Shout").And.Contain(
            $"Position = new ReplicationPosition(\"{points[0].Position.Generation}\", {points[0].Position.Index}, {points[0].Position.Offset})");
    }

    [Fact]
    public async Task A_database_that_the_migration_makes_has_nothing_to_go_back_to()
    {
        _app.Build();

        var points = await _app.UseAsync(db => db.Database.MigrateWithRestorePointsAsync());

        points.Should().ContainSingle().Which.Name.Should().Be("after 20260201000000_Shout");
        await _app.Host.StartAsync();
        await _app.UseAsync(db =>
        {
            db.Add(new Note { Text = "a" });
            return db.SaveChangesDurablyAsync();
        });
        (await _app.RestoredAsync()).Should().Equal("a");
    }

    [Fact]
    public async Task Where_nothing_is_pending_nothing_happens()
    {
        await _app.Build().StartAsync();

        var points = await _app.UseAsync(db => db.Database.MigrateWithRestorePointsAsync());

        points.Should().BeEmpty();
        _app.Logged("RestorePoint").Should().BeEmpty();
    }

    [Fact]
    public async Task A_lost_database_is_restored_before_it_is_migrated()
    {
        await BeginAtFirstMigrationAsync("quiet");
        await _app.Database.SyncAsync().WaitAsync(NotesApp.Patience);
        await _app.Host.StopAsync();
        _app.Host.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearPool(new($"Data Source={_app.DatabasePath}"));
        File.Delete(_app.DatabasePath);
        File.Delete(_app.DatabasePath + "-wal");
        File.Delete(_app.DatabasePath + "-shm");
        _app.Build();

        var points = await _app.UseAsync(db => db.Database.MigrateWithRestorePointsAsync());

        points.Should().HaveCount(2);
        (await _app.UseAsync(db => db.Notes.Select(note => note.Text).ToListAsync())).Should().Equal("QUIET");
    }

    [Fact]
    public async Task Without_a_replica_that_holds_everything_nothing_is_migrated()
    {
        await BeginAtFirstMigrationAsync("quiet");
        await File.WriteAllTextAsync(_app.ReplicaPath, "a file where the folder was");

        await _app.UseAsync(db => db.Database.Invoking(d => d.MigrateWithRestorePointsAsync()).Should().ThrowAsync<ReplicaException>());

        (await _app.UseAsync(db => db.Notes.Select(note => note.Text).ToListAsync())).Should().Equal("quiet");
        File.Delete(_app.ReplicaPath);
    }

    /// <summary>Up to the first migration, with a note; the host has not started yet, as in a Program.cs.</summary>
    private async Task BeginAtFirstMigrationAsync(string text)
    {
        _app.Build();
        await _app.Host.RestoreLitestreamAsync();
        await _app.UseAsync(async db =>
        {
            await db.GetService<IMigrator>().MigrateAsync("20260101000000_Create");
            db.Add(new Note { Text = text });
            await db.SaveChangesAsync();
        });
    }
}
