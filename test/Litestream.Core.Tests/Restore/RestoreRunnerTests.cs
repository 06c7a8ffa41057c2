using System.Collections.Concurrent;
using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Restore;

public sealed class RestoreRunnerTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly FakeLogger _logger = new();
    private readonly SyntheticHistory _history = SyntheticHistory.Create(seed: 7);

    private string Output => _directory.File("app.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_existing_target_is_refused_and_left_alone()
    {
        await File.WriteAllTextAsync(Output, "mine");

        await Restoring().Should().ThrowAsync<IOException>().WithMessage($"*{Output}*");

        (await File.ReadAllTextAsync(Output)).Should().Be("mine");
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().Equal(Output);
    }

    [Fact]
    public async Task A_folder_as_target_is_refused()
    {
        Directory.CreateDirectory(Output);

        await Restoring().Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task A_target_that_appears_meanwhile_is_not_replaced()
    {
        _history.Store.OnOpen = (_, _) => File.WriteAllText(Output, "mine");

        await Restoring().Should().ThrowAsync<IOException>();

        (await File.ReadAllTextAsync(Output)).Should().Be("mine");
    }

    [Fact]
    public async Task Missing_folders_are_made_and_taken_away_again_if_it_fails()
    {
        var output = _directory.File("a/b/app.db");
        var store = new ObjectStore();

        var failing = () => RestoreAsync(new RestoreOptions { OutputPath = output }, store);
        await failing.Should().ThrowAsync<BackupNotFoundException>();
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();

        await RestoreAsync(new RestoreOptions { OutputPath = output });
        File.Exists(output).Should().BeTrue();
    }

    [Fact]
    public async Task A_WAL_left_over_from_a_deleted_database_is_not_replayed()
    {
        // Its frames are sound: SQLite would take them for the new file's.
        using var old = new TempDirectory();
        using (var database = new AppDatabase(old))
        {
            database.Execute("CREATE TABLE old (x); INSERT INTO old VALUES (1);");
            foreach (var suffix in (string[])["-wal", "-shm"])
            {
                File.Copy(database.Path + suffix, Output + suffix);
            }
        }

        await File.WriteAllTextAsync(Output + "-journal", "stale");
        var result = await RestoreAsync(new RestoreOptions());

        Directory.EnumerateFileSystemEntries(_directory.Path).Should().Equal(Output);
        (await File.ReadAllBytesAsync(Output)).Should().Equal(_history.Commits[^1].Image);
        result.Position.Should().Be(_history.Commits[^1].Position);
        _logger.Collector.GetSnapshot().Count(record => record.Id.Name == "RestoreStaleSideFile").Should().Be(3);
    }

    [Fact]
    public async Task A_WAL_left_over_stays_where_it_is_when_the_restore_fails()
    {
        await File.WriteAllTextAsync(Output + "-wal", "stale");
        _history.Store.Change(_history.Segments[^1].Key, content => content[..10]);

        await Restoring().Should().ThrowAsync<ReplicaCorruptedException>();

        Directory.EnumerateFileSystemEntries(_directory.Path).Should().Equal(Output + "-wal");
    }

    [Fact]
    public async Task A_WAL_that_somebody_still_has_open_is_refused()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE old (x);");
        File.Delete(database.Path);

        await Restoring().Should().ThrowAsync<IOException>().WithMessage("*in use*");

        File.Exists(database.Path + "-wal").Should().BeTrue();
    }

    [Fact]
    public async Task Giving_up_at_any_object_leaves_nothing_behind()
    {
        var opened = 0;
        await RestoreAsync(new RestoreOptions { Parallelism = 1 }, onOpen: (_, _) => opened++);
        File.Delete(Output);
        opened.Should().BeGreaterThan(3);

        for (var last = 1; last <= opened; last++)
        {
            using var stop = new CancellationTokenSource();
            var remaining = last;
            _history.Store.OnOpen = (_, _) =>
            {
                if (--remaining == 0)
                {
                    stop.Cancel();
                }
            };

            await Restoring(new RestoreOptions { Parallelism = 1 }, stop.Token).Should().ThrowAsync<OperationCanceledException>();

            Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_download_that_breaks_goes_on_where_it_broke()
    {
        var offsets = new ConcurrentQueue<long>();
        var opened = 0;
        _history.Store.OnOpen = (_, offset) => offsets.Enqueue(offset);
        _history.Store.OnRead = (_, stream) => Interlocked.Increment(ref opened) % 2 == 1 ? new BreakingStream(stream, bytes: 100) : stream;

        await RestoreAsync(new RestoreOptions { Parallelism = 3 });

        (await File.ReadAllBytesAsync(Output)).Should().Equal(_history.Commits[^1].Image);
        offsets.Count(offset => offset == 100).Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task A_failure_that_lasts_is_a_replica_that_cannot_be_read()
    {
        _history.Store.OnOpen = (_, _) => throw new ReplicaException("throttled", null, isTransient: true);

        var failure = await Restoring().Should().ThrowAsync<ReplicaException>().WithMessage("throttled");

        failure.Which.Should().NotBeOfType<BackupNotFoundException>();
        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task A_listing_that_fails_is_not_a_missing_backup()
    {
        _history.Store.Order = _ => throw new ReplicaException("403 Forbidden");

        (await Restoring().Should().ThrowAsync<ReplicaException>()).Which.Should().NotBeOfType<BackupNotFoundException>();
    }

    [Fact]
    public async Task An_object_that_retention_takes_away_leads_to_a_new_plan()
    {
        // A plan from the first snapshot is under way when that snapshot goes and a newer one is there.
        var history = new SyntheticHistory(seed: 3);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Cut();
        history.BeginIndex();
        history.Commit();
        history.Cut();
        var (store, removed) = (history.Store, false);
        store.OnOpen = (key, _) =>
        {
            if (!removed && key == history.Segments[0].Key)
            {
                removed = true;
                history.Snapshot();
                store.Remove(history.Snapshots[0].Key);
                store.Remove(history.Segments[0].Key);
            }
        };

        var result = await RestoreAsync(new RestoreOptions { Parallelism = 1 }, store, time: history.Now.AddDays(1));

        removed.Should().BeTrue();
        result.Position.Should().Be(history.Commits[^1].Position);
        (await File.ReadAllBytesAsync(Output)).Should().Equal(history.Commits[^1].Image);
        _logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Name == "RestoreReplanned");
    }

    [Fact]
    public async Task A_replica_that_changes_all_the_time_is_given_up()
    {
        var plans = 0;
        _history.Store.Order = objects =>
        {
            plans++;
            return objects;
        };
        _history.Store.OnOpen = (key, _) =>
        {
            if (key == _history.Segments[^1].Key)
            {
                throw new ReplicaObjectNotFoundException($"'{key}' is gone.", key);
            }
        };

        await Restoring().Should().ThrowAsync<ReplicaObjectNotFoundException>();

        plans.Should().BeLessThan(10);
    }

    [Fact]
    public async Task Progress_grows_to_the_whole()
    {
        var reports = new List<RestoreProgress>();

        await RestoreAsync(new RestoreOptions { Progress = new Recorder(reports) });

        reports[0].Should().Be(new RestoreProgress(0, reports[0].ObjectsTotal, 0, reports[0].BytesTotal));
        reports.Should().BeInAscendingOrder(report => report.ObjectsDone).And.BeInAscendingOrder(report => report.BytesDone);
        reports[^1].Should().Be(new RestoreProgress(reports[0].ObjectsTotal, reports[0].ObjectsTotal, reports[0].BytesTotal, reports[0].BytesTotal) { Remaining = TimeSpan.Zero });
    }

    [Fact]
    public async Task A_time_after_the_last_commit_gives_the_end_and_says_so()
    {
        await RestoreAsync(new RestoreOptions { Timestamp = _history.Now.AddHours(1) });

        (await File.ReadAllBytesAsync(Output)).Should().Equal(_history.Commits[^1].Image);
        _logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Name == "RestoreTimeAfterEnd");
    }

    [Fact]
    public async Task A_time_in_the_future_or_before_the_first_snapshot_is_not_there()
    {
        var future = Restoring(new RestoreOptions { Timestamp = _history.Now.AddDays(2) });
        var past = Restoring(new RestoreOptions { Timestamp = SyntheticHistory.Start.AddDays(-1) });

        await future.Should().ThrowAsync<BackupNotFoundException>().WithMessage("*future*2024-01-01*");
        await past.Should().ThrowAsync<BackupNotFoundException>().WithMessage("*before*2024-01-01*");
    }

    [Fact]
    public async Task A_newer_generation_without_a_snapshot_is_passed_over_and_named()
    {
        _history.Store.Put("generations/00000000000000bb/wal/00000000_00000000.wal.lz4", [1], _history.Now.AddHours(1));

        await RestoreAsync(new RestoreOptions());

        (await File.ReadAllBytesAsync(Output)).Should().Equal(_history.Commits[^1].Image);
        _logger.Collector.GetSnapshot().Should().ContainSingle(record => record.Id.Name == "RestorePassedOver")
            .Which.Message.Should().Contain("00000000000000bb");
    }

    [Fact]
    public async Task A_trailer_of_a_newer_version_is_ignored_with_a_warning()
    {
        var key = _history.Segments[^1].Key;
        _history.Store.Change(key, content =>
        {
            var sound = SegmentTrailerCodec.ReadTail(content);
            return [.. content[..^sound.Length], .. TrailerFrame.Wrap(2, [1, 2, 3], TrailerFrame.SegmentMagic)];
        });

        await RestoreAsync(new RestoreOptions());

        (await File.ReadAllBytesAsync(Output)).Should().Equal(_history.Commits[^1].Image);
        _logger.Collector.GetSnapshot().Should().Contain(record => record.Level == LogLevel.Warning && record.Message.Contains(key));
    }

    [Fact]
    public async Task A_snapshot_whose_WAL_is_not_there_yet_serves_alone()
    {
        var history = new SyntheticHistory(seed: 5);
        history.BeginIndex();
        history.Commit();
        history.Snapshot();

        var result = await RestoreAsync(new RestoreOptions(), history.Store, time: history.Now.AddDays(1));

        result.Position.Should().Be(history.Commits[^1].Position);
        (await File.ReadAllBytesAsync(Output)).Should().Equal(history.Commits[^1].Image);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(16384)]
    [InlineData(32768)]
    [InlineData(65536)]
    public async Task Every_page_size_is_restored(int pageSize)
    {
        var history = new SyntheticHistory(seed: 11, pageSize: pageSize);
        history.BeginIndex();
        history.Snapshot();
        history.Commit();
        history.Commit();
        history.Cut();

        await RestoreAsync(new RestoreOptions(), history.Store, time: history.Now.AddDays(1));

        (await File.ReadAllBytesAsync(Output)).Should().Equal(history.Commits[^1].Image);
    }

    [Fact]
    public async Task What_SQLite_finds_unsound_is_not_put_in_place()
    {
        // The pages are noise: every checksum is right, and it is no database.
        var restoring = Restoring(new RestoreOptions { IntegrityCheck = IntegrityCheck.Quick });

        await restoring.Should().ThrowAsync<ReplicaCorruptedException>().WithMessage($"*{_history.Segments[^1].Key}*");

        Directory.EnumerateFileSystemEntries(_directory.Path).Should().BeEmpty();
    }

    private Func<Task<RestoreResult>> Restoring(RestoreOptions? options = null, CancellationToken cancellationToken = default) =>
        () => RestoreAsync(options ?? new RestoreOptions(), cancellationToken: cancellationToken);

    private async Task<RestoreResult> RestoreAsync(
        RestoreOptions options, ObjectStore? store = null, DateTimeOffset? time = null, Action<string, long>? onOpen = null, CancellationToken cancellationToken = default)
    {
        options.OutputPath = options.OutputPath.Length > 0 ? options.OutputPath : Output;
        options.IntegrityCheck = options.IntegrityCheck == IntegrityCheck.Auto ? IntegrityCheck.None : options.IntegrityCheck;
        store ??= _history.Store;
        store.OnOpen = onOpen ?? store.OnOpen;
        var clock = new InstantTimeProvider(time ?? _history.Now.AddDays(1));
        return await new RestoreRunner(store, "primary", _logger, clock).RunAsync(options, cancellationToken);
    }

    private sealed class Recorder(List<RestoreProgress> reports) : IProgress<RestoreProgress>
    {
        public void Report(RestoreProgress value) => reports.Add(value);
    }
}
