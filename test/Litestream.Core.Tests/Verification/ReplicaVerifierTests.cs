using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Shadow;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Litestream.Verification;

/// <summary>When a replica is verified, and what becomes of a verification that cannot be done; by a clock that stands still.</summary>
public sealed class ReplicaVerifierTests : IDisposable
{
    private readonly ReplicationScene _scene = new();
    private readonly ReplicaWorker _worker;
    private long _free = long.MaxValue;

    public ReplicaVerifierTests() => _worker = _scene.Worker();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Is_done_when_its_interval_is_over_and_not_before()
    {
        var verifier = Verifier(TimeSpan.FromHours(6));
        using var stop = new CancellationTokenSource();
        var loop = new DatabaseVerifier(_scene.Capture, [verifier], _scene.Time).RunAsync(stop.Token);

        _scene.Time.Advance(TimeSpan.FromHours(2.9));
        _scene.Capture.Images.Should().Be(0);
        _scene.Time.Advance(TimeSpan.FromHours(3.1));
        await ReplicationScene.UntilAsync(() => Status(verifier).LastVerifiedAt is not null, "it is due");
        Status(verifier).LastVerifiedPosition.Should().Be(_scene.Capture.Head!.Position);

        await stop.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task Without_an_interval_nothing_happens_by_itself()
    {
        var verifier = Verifier(interval: null);
        using var stop = new CancellationTokenSource();
        var loop = new DatabaseVerifier(_scene.Capture, [verifier], _scene.Time).RunAsync(stop.Token);

        _scene.Time.Advance(TimeSpan.FromDays(30));
        await stop.CancelAsync();
        await loop;

        Status(verifier).LastVerifiedAt.Should().BeNull();
        Status(verifier).VerificationDueBy.Should().BeNull();
        _scene.Replica.Calls.Should().BeEmpty();
    }

    [Fact]
    public async Task An_interval_can_come_while_it_runs()
    {
        var verifier = Verifier(interval: null);
        using var stop = new CancellationTokenSource();
        var verifiers = new DatabaseVerifier(_scene.Capture, [verifier], _scene.Time);
        var loop = verifiers.RunAsync(stop.Token);

        verifiers.Apply("primary", TimeSpan.FromHours(6));
        for (var i = 0; Status(verifier).LastVerifiedAt is null; i++)
        {
            i.Should().BeLessThan(5_000, "an interval came");
            _scene.Time.Advance(TimeSpan.FromHours(1));
            await Task.Delay(1);
        }

        await stop.CancelAsync();
        await loop;
    }

    [Fact]
    public void Is_overdue_two_intervals_after_the_start()
    {
        var start = _scene.Time.GetUtcNow();
        var verifier = Verifier(TimeSpan.FromHours(6));

        _scene.Time.Advance(TimeSpan.FromDays(1));

        Status(verifier).VerificationDueBy.Should().Be(start.AddHours(12));
    }

    [Fact]
    public async Task Is_not_done_where_there_is_no_room_for_a_copy()
    {
        _free = 64 << 20;
        var verifier = Verifier(interval: null);

        await verifier.Awaiting(v => v.VerifyAsync(CancellationToken.None)).Should().ThrowAsync<LitestreamException>().WithMessage("There is no room*");

        Status(verifier).VerificationError.Should().StartWith("There is no room");
        Status(verifier).State.Should().NotBe(ReplicationState.Faulted);
        _scene.Capture.Requests.Should().BeEmpty();
        Directory.EnumerateFiles(_scene.Capture.SpoolDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task A_replica_that_cannot_be_read_is_not_known_to_be_wrong()
    {
        var verifier = Verifier(interval: null);
        await verifier.VerifyAsync(CancellationToken.None);
        _scene.Replica.Before = (call, _) => call.StartsWith("list", StringComparison.OrdinalIgnoreCase)
            ? throw new ReplicaException("no way there", innerException: null, isTransient: false)
            : Task.CompletedTask;

        await verifier.Awaiting(v => v.VerifyAsync(CancellationToken.None)).Should().ThrowAsync<ReplicaException>().WithMessage("*no way there*");

        Status(verifier).VerificationError.Should().Contain("no way there");
        Status(verifier).LastVerifiedAt.Should().NotBeNull();
        _scene.Capture.Requests.Should().BeEmpty();
        Directory.EnumerateFiles(_scene.Capture.SpoolDirectory).Should().BeEmpty();
    }

    [Fact]
    public async Task A_difference_and_its_end_are_told_once_each()
    {
        var verifier = Verifier(interval: null);
        var told = new List<(ReplicationState Before, ReplicationState Now, string? Error)>();
        verifier.StateChanged = (before, now, error) => told.Add((before, now, error));
        await verifier.VerifyAsync(CancellationToken.None);
        _scene.Insert();
        await _worker.RunOnceAsync(CancellationToken.None);
        var (key, bytes) = (_scene.Replica.Keys[^1], _scene.Replica[_scene.Replica.Keys[^1]]);
        _scene.Replica.Remove(key);

        await verifier.VerifyAsync(CancellationToken.None);
        await verifier.VerifyAsync(CancellationToken.None);
        _scene.Replica[key] = bytes;
        await verifier.VerifyAsync(CancellationToken.None);

        told.Select(change => (change.Before, change.Now)).Should().Equal(
            (ReplicationState.Replicating, ReplicationState.Faulted), (ReplicationState.Faulted, ReplicationState.Replicating));
        told[0].Error.Should().NotBeNullOrEmpty();
        told[1].Error.Should().BeNull();
    }

    [Fact]
    public async Task A_difference_asks_for_a_new_generation_and_is_an_error_in_the_log()
    {
        var verifier = Verifier(interval: null);
        await verifier.VerifyAsync(CancellationToken.None);
        _scene.Insert();
        await _worker.RunOnceAsync(CancellationToken.None);
        _scene.Replica.Remove(_scene.Replica.Keys[^1]);

        var verification = await verifier.VerifyAsync(CancellationToken.None);

        verification.Succeeded.Should().BeFalse();
        _scene.Capture.Requests.Should().ContainSingle().Which.Should().Match<(string Generation, GenerationReason Reason, string Detail)>(
            request => request.Generation == _scene.Generation && request.Reason == GenerationReason.VerificationFailed);
        _scene.Logger.Collector.GetSnapshot().Should().Contain(record => record.Id.Id == 3200 && record.Level == Microsoft.Extensions.Logging.LogLevel.Error);
        Status(verifier).VerificationError.Should().Be(verification.Difference);
    }

    [Fact]
    public async Task Is_measured_and_a_difference_counts_as_an_error()
    {
        using var metrics = new LitestreamMetrics(factory: null);
        using var collector = new MetricCollector<double>(null, LitestreamDiagnostics.MeterName, "litestream.verification.duration");
        var name = Guid.NewGuid().ToString("n");
        var telemetry = new DatabaseTelemetry(
            metrics, name, "app.db", () => new DatabaseStatus { Name = name, State = ReplicationState.Stopped }, _scene.Time);
        var verifier = new ReplicaVerifier(_scene.Capture, _worker, _scene.Replica, null, _scene.Time, _scene.Logger) { Telemetry = telemetry };

        await verifier.VerifyAsync(CancellationToken.None);
        _scene.Insert();
        await _worker.RunOnceAsync(CancellationToken.None);
        _scene.Replica.Remove(_scene.Replica.Keys[^1]);
        await verifier.VerifyAsync(CancellationToken.None);

        // The meter is the process's; other tests may be measured too.
        collector.GetMeasurementSnapshot().Where(measured => Equals(measured.Tags["litestream.database.name"], name))
            .Select(measured => measured.Tags.GetValueOrDefault("error.type") as string)
            .Should().BeEquivalentTo([null, "Litestream.ReplicaCorruptedException"], options => options.WithStrictOrdering());
    }

    private ReplicaVerifier Verifier(TimeSpan? interval) =>
        new(_scene.Capture, _worker, _scene.Replica, interval, _scene.Time, _scene.Logger, _ => _free);

    private ReplicaStatus Status(ReplicaVerifier verifier) => verifier.AddTo(_worker.GetStatus());
}
