using Litestream.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Replication;

/// <summary>In which order a pass tells what it did.</summary>
public sealed class PassOrderTests
{
    [Fact]
    public async Task Whoever_waited_for_a_pass_finds_it_measured_and_the_replicas_told()
    {
        using var directory = new TempDirectory();
        using var app = new AppDatabase(directory);
        app.Execute("CREATE TABLE t(a BLOB)");
        using var factory = new LoneMeterFactory();
        using var metrics = new LitestreamMetrics(factory);
        using var copied = new MetricCollector<long>(metrics.WalCopied);
        await using var replicator = new DatabaseReplicator(
            new CaptureDefinition("app", app.Path, directory.File("meta"), new DatabaseOptions { Path = app.Path }),
            new NoWatcher(),
            TimeProvider.System,
            NullLogger.Instance)
        {
            Telemetry = new DatabaseTelemetry(
                metrics, "app", app.Path, () => new DatabaseStatus { Name = "app", State = ReplicationState.Stopped }, TimeProvider.System),
        };
        var told = false;
        replicator.Captured += _ =>
        {
            Thread.Sleep(50); // whoever is served before this would be seen to go on
            told = true;
        };
        replicator.Start();

        await replicator.PassAsync(default);

        told.Should().BeTrue();
        copied.GetMeasurementSnapshot().EvaluateAsCounter().Should().Be(replicator.Shadow.Head!.Position.Offset);
    }

    [Fact]
    public async Task Replicas_are_told_what_was_copied_before_its_checkpoint()
    {
        using var directory = new TempDirectory();
        using var app = new AppDatabase(directory);
        app.Execute("CREATE TABLE t(a BLOB)");
        await using var replicator = new DatabaseReplicator(
            new CaptureDefinition("app", app.Path, directory.File("meta"), new DatabaseOptions { Path = app.Path, MinCheckpointPages = 20 }),
            new NoWatcher(),
            TimeProvider.System,
            NullLogger.Instance);
        replicator.Start();
        await replicator.PassAsync(default);
        app.Insert(30);
        var told = new List<(ReplicationPosition Position, long Size)>();
        replicator.Captured += _ => told.Add((replicator.Shadow.Head!.Position, new FileInfo(app.Path).Length));

        await replicator.PassAsync(default);

        var (position, size) = told.Should().ContainSingle().Which;
        position.Should().Be(replicator.Shadow.Head!.Position);
        size.Should().BeLessThan(new FileInfo(app.Path).Length, "only the checkpoint made the database larger");
    }

    [Fact]
    public async Task Whoever_waits_for_a_commit_does_not_wait_for_a_checkpoint()
    {
        using var directory = new TempDirectory();
        using var app = new AppDatabase(directory);
        app.Execute("CREATE TABLE t(a BLOB)");
        var time = new StoppableTime();
        await using var replicator = new DatabaseReplicator(
            new CaptureDefinition("app", app.Path, directory.File("meta"), new DatabaseOptions { Path = app.Path, MinCheckpointPages = 20 }),
            new NoWatcher(),
            time,
            NullLogger.Instance);
        replicator.Start();
        await replicator.PassAsync(default);
        app.Insert(30);
        var waiting = new TaskCompletionSource<Task<long>>();
        var isServed = false;
        replicator.Captured += _ => time.Stop = () => isServed = waiting.Task.Unwrap().Wait(TimeSpan.FromSeconds(10)); // by the checkpoint, which asks for the time

        var wait = replicator.PassAsync(default, untilCopied: true);
        waiting.SetResult(wait);

        (await wait).Should().Be(replicator.Shadow.Head!.Sequence);
        await replicator.PassAsync(default);
        isServed.Should().BeTrue("it was waited for in the middle of the pass");
    }

    private sealed class StoppableTime : TimeProvider
    {
        private Action? _stop;

        /// <summary>Done once, by whoever asks for the time next.</summary>
        public Action Stop
        {
            set => Volatile.Write(ref _stop, value);
        }

        public override long GetTimestamp()
        {
            Interlocked.Exchange(ref _stop, null)?.Invoke();
            return base.GetTimestamp();
        }
    }
}
