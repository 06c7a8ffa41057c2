using System.Globalization;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Litestream.Hosting;

/// <summary>A database brought back under a running application that uses EF Core and pooled connections.</summary>
public sealed class InPlaceRestoreTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;
    private readonly string _connectionString;

    public InPlaceRestoreTests()
    {
        _app = new ReplicatedApp(_directory);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = _app.DatabasePath }.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        ClearPool();
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task The_application_goes_on_with_what_was_restored_and_replicates_it()
    {
        var position = await WithHistoryAsync();

        var result = await RestoreAsync(options => options.Restore.Position = position);

        result.Restored!.Position.Should().Be(position);
        (await TextsAsync()).Should().Equal("one", "two");
        await AddAsync("new");
        await _app.SyncAsync();
        _app.Status.GenerationReason.Should().Be("Restored");
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await TextsOfAsync(_directory.File("copy.db"))).Should().Equal("one", "two", "new");
        (await TextsOfAsync(result.PreviousPath!)).Should().Equal("one", "two", "mistake");
    }

    [Fact]
    public async Task An_undo_puts_the_previous_database_back_and_keeps_the_restored_one()
    {
        var position = await WithHistoryAsync();
        var restored = await RestoreAsync(options => options.Restore.Position = position);
        await AddAsync("new");

        var undone = await _app.Engine.UndoRestoreAsync(restored.PreviousPath!, CloseAsync, CancellationToken.None);

        (await TextsAsync()).Should().Equal("one", "two", "mistake");
        (await TextsOfAsync(undone.PreviousPath!)).Should().Equal("one", "two", "new");
        File.Exists(restored.PreviousPath).Should().BeFalse();
        undone.Restored.Should().BeNull();
        await AddAsync("and on");
        await _app.SyncAsync();
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await TextsOfAsync(_directory.File("copy.db"))).Should().Equal("one", "two", "mistake", "and on");
    }

    [Fact]
    public async Task Nothing_of_the_old_database_gets_into_the_new_one_nor_the_other_way_round()
    {
        var position = await WithHistoryAsync();

        var result = await RestoreAsync(
            options => options.Restore.Position = position,
            async token =>
            {
                // The last thing the application does with it lies in the old WAL, and in no checkpoint.
                await AddAsync("last words");
                await CloseAsync(token);
            });

        (await TextsAsync()).Should().Equal("one", "two");
        (await TextsOfAsync(result.PreviousPath!)).Should().Equal("one", "two", "mistake", "last words");
        var before = _app.Status.Position.Generation;
        await _app.SyncAsync();

        // Also on the replica: the end of the generation before.
        await _app.RestoreAsync(_directory.File("copy.db"), options => options.Generation = position.Generation);
        (await TextsOfAsync(_directory.File("copy.db"))).Should().Equal("one", "two", "mistake", "last words");
        before.Should().NotBe(position.Generation);
    }

    [Fact]
    public async Task While_a_connection_is_open_here_nothing_is_changed()
    {
        var position = await WithHistoryAsync();
        await using var open = new SqliteConnection(_connectionString);
        await open.OpenAsync();
        new SqliteCommand("SELECT count(*) FROM Entries", open).ExecuteScalar().Should().Be(3L);

        await FluentActions.Awaiting(() => RestoreAsync(Impatient(position))).Should().ThrowAsync<IOException>().WithMessage("*still open*ClearAllPools*");

        await ShouldBeAsItWasAsync(position);
    }

    [Fact]
    public async Task While_a_pooled_connection_is_left_nothing_is_changed()
    {
        var position = await WithHistoryAsync();

        await FluentActions.Awaiting(() => RestoreAsync(Impatient(position), _ => Task.CompletedTask)).Should().ThrowAsync<IOException>();

        await ShouldBeAsItWasAsync(position);
    }

    [UnixFact]
    public async Task A_connection_that_was_never_used_is_noticed_too()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var position = await WithHistoryAsync();
        var unused = Sqlite.DatabaseConnection.Open(_app.DatabasePath, TimeSpan.Zero);
        try
        {
            await FluentActions.Awaiting(() => RestoreAsync(Impatient(position))).Should().ThrowAsync<IOException>();
        }
        finally
        {
            unused.Dispose();
        }

        await ShouldBeAsItWasAsync(position);
    }

    [Fact]
    public async Task While_another_process_has_it_open_nothing_is_changed_and_afterwards_it_works()
    {
        var position = await WithHistoryAsync();
        await using var other = await OtherProcess.StartAsync(_app.DatabasePath);
        await other.ExecuteAsync("SELECT count(*) FROM Entries");

        await FluentActions.Awaiting(() => RestoreAsync(Impatient(position))).Should().ThrowAsync<IOException>().WithMessage("*another one*");
        await ShouldBeAsItWasAsync(position);
        await other.CloseAsync();
        await RestoreAsync(options => options.Restore.Position = position);

        (await TextsAsync()).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_connection_that_closes_a_little_later_is_waited_for()
    {
        var position = await WithHistoryAsync();
        var open = new SqliteConnection(_connectionString + ";Pooling=False");
        await open.OpenAsync();
        new SqliteCommand("SELECT count(*) FROM Entries", open).ExecuteScalar();

        var restoring = RestoreAsync(options => options.Restore.Position = position);
        while (!_app.Logs.GetSnapshot().Any(record => record.Id.Id == 5111) && !restoring.IsCompleted)
        {
            await Task.Delay(10);
        }

        restoring.IsCompleted.Should().BeFalse();
        _app.Status.State.Should().Be(ReplicationState.Restoring);
        await open.DisposeAsync();
        await restoring;

        (await TextsAsync()).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_host_that_stops_meanwhile_keeps_its_database_and_lets_go_of_it()
    {
        var position = await WithHistoryAsync();
        var engine = _app.Engine;

        await FluentActions.Awaiting(() => RestoreAsync(
            options => options.Restore.Position = position,
            async token =>
            {
                using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                await engine.StopAsync(letGo: false, budget.Token);
                await CloseAsync(token);
            })).Should().ThrowAsync<InvalidOperationException>().WithMessage("*stopped*");

        engine.GetStatus().State.Should().Be(ReplicationState.Stopped);
        await _app.StopAsync();
        await _app.StartAsync();
        _app.Status.State.Should().Be(ReplicationState.Replicating, "nobody holds the lock any more");
        await AddAsync("still here");
        await _app.SyncAsync();
        await _app.RestoreAsync(_directory.File("copy.db"));
        (await TextsOfAsync(_directory.File("copy.db"))).Should().Equal("one", "two", "mistake", "still here");
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_connections_to_be_closed()
    {
        var position = await WithHistoryAsync();
        await using var open = new SqliteConnection(_connectionString + ";Pooling=False");
        await open.OpenAsync();
        new SqliteCommand("SELECT count(*) FROM Entries", open).ExecuteScalar();
        var restoring = RestoreAsync(options =>
        {
            options.Restore.Position = position;
            options.CloseTimeout = TimeSpan.FromMinutes(30);
        });
        while (!_app.Logs.GetSnapshot().Any(record => record.Id.Id == 5111) && !restoring.IsCompleted)
        {
            await Task.Delay(10);
        }

        await _app.StopAsync().WaitAsync(TimeSpan.FromMinutes(1));

        await FluentActions.Awaiting(() => restoring).Should().ThrowAsync<InvalidOperationException>();
        (await TextsAsync()).Should().Equal("one", "two", "mistake");
    }

    [Fact]
    public async Task After_one_that_could_not_begin_the_next_one_can()
    {
        var position = await WithHistoryAsync();
        var inTheWay = Directory.CreateDirectory(_app.DatabasePath + ".litestream-net-restored");
        await FluentActions.Awaiting(() => RestoreAsync(options => options.Restore.Position = position)).Should().ThrowAsync<Exception>();
        inTheWay.Delete();

        await RestoreAsync(options => options.Restore.Position = position);

        (await TextsAsync()).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_copy_that_somebody_restored_beside_it_stays()
    {
        var position = await WithHistoryAsync();
        await File.WriteAllTextAsync(_app.DatabasePath + ".restored", "somebody's own");

        await RestoreAsync(options => options.Restore.Position = position);

        (await File.ReadAllTextAsync(_app.DatabasePath + ".restored")).Should().Be("somebody's own");
    }

    [Fact]
    public async Task What_is_not_whole_in_its_one_file_is_not_put_back()
    {
        var position = await WithHistoryAsync();
        var restored = await RestoreAsync(options => options.Restore.Position = position);
        await File.WriteAllTextAsync(restored.PreviousPath + "-wal", "the last commits");

        await _app.Engine.Awaiting(engine => engine.UndoRestoreAsync(restored.PreviousPath!, CloseAsync, CancellationToken.None))
            .Should().ThrowAsync<IOException>().WithMessage("*-wal*");

        (await TextsAsync()).Should().Equal("one", "two");
        File.Exists(restored.PreviousPath).Should().BeTrue();
    }

    [Fact]
    public async Task The_database_is_not_put_back_in_its_own_place()
    {
        await WithHistoryAsync();

        await _app.Engine.Awaiting(engine => engine.UndoRestoreAsync(_app.DatabasePath, CloseAsync, CancellationToken.None))
            .Should().ThrowAsync<FileNotFoundException>();

        Directory.EnumerateFiles(_directory.Path, "*restore*").Should().BeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_restored_leaves_the_application_alone()
    {
        var position = await WithHistoryAsync();
        var asked = false;

        await FluentActions.Awaiting(() => RestoreAsync(
            options => options.Restore.Timestamp = DateTimeOffset.UtcNow.AddYears(-10),
            _ =>
            {
                asked = true;
                return Task.CompletedTask;
            })).Should().ThrowAsync<BackupNotFoundException>();

        asked.Should().BeFalse();
        await ShouldBeAsItWasAsync(position);
    }

    [Fact]
    public async Task An_application_that_does_not_close_its_connections_but_throws_keeps_its_database()
    {
        var position = await WithHistoryAsync();

        await FluentActions.Awaiting(() => RestoreAsync(
            options => options.Restore.Position = position, _ => throw new NotImplementedException("busy"))).Should().ThrowAsync<NotImplementedException>();

        await ShouldBeAsItWasAsync(position);
    }

    [Fact]
    public async Task A_database_that_is_destroyed_is_restored_in_place_and_kept_with_its_side_files()
    {
        await WithHistoryAsync();
        ClearPool();
        foreach (var path in new[] { _app.DatabasePath, _app.DatabasePath + "-wal" })
        {
            await Damage.OverwriteAsync(path, 0, "no database at all"u8.ToArray());
        }

        var result = await RestoreAsync(_ => { });

        (await TextsAsync()).Should().Equal("one", "two", "mistake");
        (await File.ReadAllTextAsync(result.PreviousPath!)).Should().StartWith("no database at all");
        (await File.ReadAllTextAsync(result.PreviousPath + "-wal")).Should().StartWith("no database at all");
    }

    [Fact]
    public async Task What_a_killed_restore_left_is_no_obstacle()
    {
        var position = await WithHistoryAsync();
        await File.WriteAllTextAsync(_app.DatabasePath + ".litestream-net-restored", "half of it");

        await RestoreAsync(options => options.Restore.Position = position);

        (await TextsAsync()).Should().Equal("one", "two");
        File.Exists(_app.DatabasePath + ".litestream-net-restored").Should().BeFalse();
    }

    [Fact]
    public async Task The_new_file_has_the_rights_of_the_old_one()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var position = await WithHistoryAsync();
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(_app.DatabasePath, mode);

        await RestoreAsync(options => options.Restore.Position = position);

        File.GetUnixFileMode(_app.DatabasePath).Should().Be(mode);
    }

    [Fact]
    public async Task A_start_after_the_exchange_begins_a_new_generation()
    {
        // As after a crash: nobody has told the next start that the file is another one.
        var position = await WithHistoryAsync();
        await RestoreAsync(options => options.Restore.Position = position);
        await _app.StopAsync();
        await _app.StartAsync();
        await AddAsync("after");

        (await _app.SyncAsync()).Generation.Should().NotBe(position.Generation);

        await _app.RestoreAsync(_directory.File("copy.db"));
        (await TextsOfAsync(_directory.File("copy.db"))).Should().Equal("one", "two", "after");
    }

    [Fact]
    public async Task Misuse_is_said_before_anything_happens()
    {
        await WithHistoryAsync();

        await _app.Engine.Awaiting(engine => engine.RestoreInPlaceAsync(new InPlaceRestoreOptions(), CancellationToken.None))
            .Should().ThrowAsync<ArgumentException>().WithMessage("*CloseConnections*");
        await FluentActions.Awaiting(() => RestoreAsync(options => options.Restore.OutputPath = "elsewhere.db"))
            .Should().ThrowAsync<ArgumentException>().WithMessage("*OutputPath*");
        await _app.Engine.Awaiting(engine => engine.UndoRestoreAsync(_directory.File("nothing.db"), CloseAsync, CancellationToken.None))
            .Should().ThrowAsync<FileNotFoundException>();
        await File.WriteAllTextAsync(_directory.File("text.db"), new string('x', 8192));
        await _app.Engine.Awaiting(engine => engine.UndoRestoreAsync(_directory.File("text.db"), CloseAsync, CancellationToken.None))
            .Should().ThrowAsync<IOException>().WithMessage("*no sound database*");
    }

    /// <summary>Two entries, whose position is returned, and then a mistake.</summary>
    private async Task<ReplicationPosition> WithHistoryAsync()
    {
        await using (var context = new LedgerContext(_connectionString))
        {
            await context.Database.EnsureCreatedAsync();
        }

        await _app.StartAsync();
        await AddAsync("one");
        await AddAsync("two");
        var position = await _app.SyncAsync();
        await AddAsync("mistake");
        await _app.SyncAsync();
        return position;
    }

    private async Task ShouldBeAsItWasAsync(ReplicationPosition position)
    {
        (await TextsAsync()).Should().Equal("one", "two", "mistake");
        await AddAsync("still here");
        (await _app.SyncAsync()).Generation.Should().Be(position.Generation, "nothing was lost sight of");
        var copy = _directory.File(string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():n}.db"));
        await _app.RestoreAsync(copy);
        (await TextsOfAsync(copy)).Should().Equal("one", "two", "mistake", "still here");
        await using (var context = new LedgerContext(_connectionString))
        {
            await context.Entries.Where(entry => entry.Text == "still here").ExecuteDeleteAsync();
        }

        Directory.EnumerateFiles(_directory.Path, "*restore*").Should().BeEmpty();
    }

    private static Action<InPlaceRestoreOptions> Impatient(ReplicationPosition position) => options =>
    {
        options.Restore.Position = position;
        options.CloseTimeout = TimeSpan.Zero;
    };

    private async Task<InPlaceRestoreResult> RestoreAsync(Action<InPlaceRestoreOptions> configure, Func<CancellationToken, Task>? close = null)
    {
        var options = new InPlaceRestoreOptions { CloseConnections = close ?? CloseAsync };
        configure(options);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        return await _app.Engine.RestoreInPlaceAsync(options, timeout.Token);
    }

    private Task CloseAsync(CancellationToken cancellationToken)
    {
        ClearPool();
        return Task.CompletedTask;
    }

    // Not those of other tests.
    private void ClearPool()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
    }

    private async Task AddAsync(string text)
    {
        await using var context = new LedgerContext(_connectionString);
        context.Entries.Add(new LedgerEntry { Text = text });
        await context.SaveChangesAsync();
    }

    private async Task<List<string>> TextsAsync()
    {
        await using var context = new LedgerContext(_connectionString);
        return await context.Entries.OrderBy(entry => entry.Id).Select(entry => entry.Text).ToListAsync();
    }

    private static async Task<List<string>> TextsOfAsync(string path)
    {
        await using var context = new LedgerContext($"Data Source={path};Pooling=False");
        return await context.Entries.OrderBy(entry => entry.Id).Select(entry => entry.Text).ToListAsync();
    }
}
