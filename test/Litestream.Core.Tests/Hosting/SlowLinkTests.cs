using System.Diagnostics;
using System.Globalization;
using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Hosting;

/// <summary>
/// A snapshot that cannot be compressed, over a link that takes ten times as long for it as the disk did. 16 MB of it with
/// the tests; more by LITESTREAM_SNAPSHOT_MB.
/// </summary>
public sealed class SlowLinkTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int MaxPages = 2000;

    private readonly TempDirectory _directory = new();

    [Fact]
    public async Task Neither_the_WAL_nor_the_lag_nor_a_commit_grows_with_the_time_of_the_upload()
    {
        var megabytes = int.TryParse(Environment.GetEnvironmentVariable("LITESTREAM_SNAPSHOT_MB"), CultureInfo.InvariantCulture, out var asked) ? asked : 16;
        using var database = new AppDatabase(_directory);
        database.Execute("CREATE TABLE t(a BLOB)");
        database.Execute("CREATE TABLE big(a BLOB)");
        for (var i = 0; i < megabytes; i++)
        {
            database.Execute("INSERT INTO big VALUES(randomblob(1048576))");
        }

        database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        GatedReplicaClient link = null!;
        await using var app = new ReplicatedApp(_directory, client => link = new GatedReplicaClient(client));
        (app.Options.MinCheckpointPages, app.Options.MaxCheckpointPages) = (200, MaxPages);
        app.Options.CheckpointInterval = TimeSpan.FromMilliseconds(200);
        await app.StartAsync();
        await app.SyncAsync();
        while (app.Status.Position.Index == 0)
        {
            database.Insert(20);
            await Task.Delay(5);
        }

        await app.SyncAsync();
        var watch = Stopwatch.StartNew();
        var (uploading, slow) = (TimeSpan.Zero, TimeSpan.Zero);
        var (commits, index) = (0, app.Status.Position.Index);
        link.BeforeWrite = async (key, token) =>
        {
            if (key.Contains("/snapshots/", StringComparison.Ordinal))
            {
                uploading = watch.Elapsed;
                slow = uploading * 10;
                await Task.Delay(slow, token);

                // A fast disk leaves no time for anything to happen beside it.
                while ((Volatile.Read(ref commits) <= 20 || app.Status.Position.Index == index) && watch.Elapsed < slow + TimeSpan.FromSeconds(30))
                {
                    await Task.Delay(5, token);
                }
            }
        };

        var snapshot = app.Engine.SnapshotAsync(null, default);
        var (largest, slowest) = (0L, TimeSpan.Zero);
        var behind = TimeSpan.Zero;
        while (!snapshot.IsCompleted)
        {
            var began = watch.Elapsed;
            database.Insert(1, 500);
            Interlocked.Increment(ref commits);
            var took = watch.Elapsed - began;
            slowest = took > slowest ? took : slowest;
            largest = Math.Max(largest, app.Status.WalSize);
            var lag = app.Status.Replicas[0].Lag;
            behind = uploading > TimeSpan.Zero && lag > behind ? lag : behind;
            await Task.Delay(2);
        }

        await snapshot;
        var indexes = app.Status.Position.Index - index;
        output.WriteLine(
            $"{megabytes} MB: spooled in {uploading.TotalSeconds:0.0} s, uploaded in {slow.TotalSeconds:0.0} s; {commits} commits, "
            + $"{indexes} times the WAL started over; the largest WAL {largest >> 10} KiB, the longest lag {behind.TotalSeconds:0.00} s, the slowest commit {slowest.TotalMilliseconds:0} ms");
        uploading.Should().BeGreaterThan(TimeSpan.Zero, "there was a snapshot to take");
        commits.Should().BeGreaterThan(20);
        largest.Should().BeLessThanOrEqualTo(2L * MaxPages * (4096 + 24) + 32, "the image was let go of before the upload");
        indexes.Should().BeGreaterThan(0, "checkpoints went on");
        behind.Should().BeLessThan(slow > TimeSpan.FromSeconds(10) ? slow / 2 : TimeSpan.FromSeconds(30), "segments went up beside it");
        Directory.GetFiles(app.ReplicaPath, "*.snapshot.lz4", SearchOption.AllDirectories).Should().HaveCount(2);
        await app.SyncAsync();
        var restored = await app.RestoreAsync(_directory.File("restored.db"));
        restored.Position.Should().Be(app.Status.Position);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
