using System.Security.Cryptography;
using Litestream.Replication;
using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Verification;

/// <summary>The whole engine over a real database: what is sound is found sound, and whatever was changed is found.</summary>
public sealed class VerificationTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicatedApp _app;

    public VerificationTests() => _app = new ReplicatedApp(_directory);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_sound_replica_is_found_equal_and_the_status_says_when_and_where()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(100, 2000);

        var result = await VerifyAsync();

        result.Succeeded.Should().BeTrue();
        var verified = result.Replicas.Should().ContainSingle().Subject;
        verified.Should().BeEquivalentTo(new { Replica = "file", Difference = (string?)null, DatabaseSize = database.Scalar("PRAGMA page_count") * 4096 });
        verified.Position.Covers(verified.Position with { Offset = 33 }).Should().BeTrue();
        var status = _app.Status.Replicas[0];
        status.LastVerifiedPosition.Should().Be(verified.Position);
        status.LastVerifiedAt.Should().Be(verified.VerifiedAt);
        status.VerificationError.Should().BeNull();
        Directory.EnumerateFiles(Path.Combine(_app.MetaPath, "spool")).Should().BeEmpty();
    }

    [Fact]
    public async Task Writers_go_on_while_a_replica_is_verified()
    {
        _app.Options.MinCheckpointPages = 50;
        using var database = NewDatabase();
        database.Execute("PRAGMA busy_timeout=0");
        await _app.StartAsync();
        database.Insert(100, 2000);
        await _app.SyncAsync();
        var stop = false;
        var written = 0;

        // A writer that waits for nobody: whatever stood in its way would end it with an error.
        var writing = Task.Run(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                database.Insert(1, 2000);
                Interlocked.Increment(ref written);
            }
        });
        while (Volatile.Read(ref written) == 0 && !writing.IsCompleted)
        {
            await Task.Yield();
        }

        try
        {
            for (var round = 0; round < 3; round++)
            {
                (await VerifyAsync()).Succeeded.Should().BeTrue();
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
        }

        await writing;
        (await VerifyAsync()).Succeeded.Should().BeTrue();
    }

    [Fact]
    public async Task A_flipped_page_of_the_live_database_is_found_and_a_new_generation_begins()
    {
        using var database = await WithOldPagesAsync();
        var before = _app.Status.Position.Generation;

        // By another process: opening the file in this one would drop SQLite's locks.
        await FlipAsync(database.Path, offset: (4 * 4096) + 2000);
        var result = await VerifyAsync();

        result.Succeeded.Should().BeFalse();
        result.Replicas[0].Difference.Should().Contain("page 5 of");
        await ShouldStartANewGenerationAsync(before);
    }

    [Fact]
    public async Task A_flipped_byte_on_the_replica_is_found_and_a_new_generation_begins()
    {
        using var database = await WithOldPagesAsync();
        var before = _app.Status.Position.Generation;
        database.Insert(20, 2000);
        await _app.SyncAsync();
        var segment = Objects("wal").First();
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[bytes.Length / 2] ^= 4;
        await File.WriteAllBytesAsync(segment, bytes);

        var result = await VerifyAsync();

        result.Replicas[0].Difference.Should().Contain(Path.GetFileName(segment));
        await ShouldStartANewGenerationAsync(before);
    }

    [Fact]
    public async Task A_page_that_was_changed_on_the_replica_with_all_its_checksums_is_found()
    {
        using var database = await WithOldPagesAsync();
        var before = _app.Status.Position.Generation;
        var path = Objects("snapshots").First();
        var stored = await File.ReadAllBytesAsync(path);
        var trailer = SnapshotTrailerCodec.ReadTail(stored).Trailer!;
        var image = ReplicationScene.Decode(stored, path);
        image[(4 * 4096) + 2000] ^= 1;
        await File.WriteAllBytesAsync(
            path, ReplicationScene.Encode(image, SnapshotTrailerCodec.Encode(trailer with { RawHash = SHA256.HashData(image) })));

        var result = await VerifyAsync();

        result.Replicas[0].Difference.Should().Contain("page 5 of");
        await ShouldStartANewGenerationAsync(before);
    }

    [Fact]
    public async Task A_replica_that_was_wiped_is_found()
    {
        using var database = await WithOldPagesAsync();
        var before = _app.Status.Position.Generation;
        Directory.Delete(Path.Combine(_app.ReplicaPath, "generations"), recursive: true);

        (await VerifyAsync()).Succeeded.Should().BeFalse();

        await ShouldStartANewGenerationAsync(before);
    }

    [Fact]
    public async Task After_a_new_generation_the_next_verification_clears_the_state()
    {
        using var database = await WithOldPagesAsync();
        var before = _app.Status.Position.Generation;
        Directory.Delete(Path.Combine(_app.ReplicaPath, "generations"), recursive: true);
        await VerifyAsync();
        await ShouldStartANewGenerationAsync(before);

        (await VerifyAsync()).Succeeded.Should().BeTrue();

        _app.Status.Replicas[0].State.Should().Be(ReplicationState.Replicating);
        _app.Status.Replicas[0].VerificationError.Should().BeNull();
    }

    [Fact]
    public async Task A_replica_of_another_name_is_misuse()
    {
        using var database = NewDatabase();
        await _app.StartAsync();

        await _app.Engine.Awaiting(engine => engine.VerifyAsync("nowhere", CancellationToken.None)).Should().ThrowAsync<ArgumentException>().WithMessage("*file*");
    }

    [Fact]
    public async Task The_time_line_of_a_database_names_its_replica()
    {
        using var database = NewDatabase();
        await _app.StartAsync();
        database.Insert(3);
        var position = await _app.SyncAsync();

        var listed = new List<BackupGeneration>();
        await foreach (var generation in _app.Engine.ListBackupsAsync(null, CancellationToken.None))
        {
            listed.Add(generation);
        }

        listed.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = position.Generation, Replica = "file" });
        listed[0].RestorableFrom.Should().BeOnOrBefore(listed[0].RestorableUntil!.Value);
        _app.Engine.Invoking(engine => engine.ListBackupsAsync("nowhere", CancellationToken.None)).Should().Throw<ArgumentException>();
    }

    /// <summary>Pages that lie in the database file alone, and in no WAL that an image would take them from.</summary>
    private async Task<AppDatabase> WithOldPagesAsync()
    {
        var database = NewDatabase();
        database.Insert(100, 2000);
        database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        await _app.StartAsync();
        database.Insert(20, 2000);
        (await VerifyAsync()).Succeeded.Should().BeTrue();
        return database;
    }

    private async Task ShouldStartANewGenerationAsync(string before)
    {
        _app.Logs.GetSnapshot().Should().Contain(record => record.Id.Id == 3200);
        _app.Status.Replicas[0].VerificationError.Should().NotBeNull();
        await EventuallyAsync(() => _app.Status.GenerationReason == "VerificationFailed"
            && _app.Status.Replicas[0].Position is { IsEmpty: false } position && position.Generation != before);
        _app.Status.Replicas[0].Should().BeEquivalentTo(new { State = ReplicationState.Faulted });
        _app.Status.Replicas[0].LastError.Should().StartWith("Verification failed: ");
    }

    private async Task<VerificationResult> VerifyAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        return await _app.Engine.VerifyAsync(null, timeout.Token);
    }

    private IEnumerable<string> Objects(string kind) =>
        Directory.EnumerateFiles(_app.ReplicaPath, "*.lz4", SearchOption.AllDirectories)
            .Where(path => path.Contains($"{Path.DirectorySeparatorChar}{kind}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && path.Contains(_app.Status.Position.Generation, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    private static Task FlipAsync(string path, long offset) => Damage.OverwriteAsync(path, offset, [0xaa, 0xaa, 0xaa]);

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            await poll.WaitForNextTickAsync(timeout.Token);
        }
    }

    private AppDatabase NewDatabase()
    {
        var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE IF NOT EXISTS t(x)");
        return database;
    }
}
