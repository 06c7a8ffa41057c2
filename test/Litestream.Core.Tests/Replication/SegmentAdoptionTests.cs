using Litestream.Shadow;
using Litestream.Storage;

namespace Litestream.Replication;

/// <summary>A key that is taken: by our own earlier upload, or by somebody else.</summary>
public sealed class SegmentAdoptionTests : IDisposable
{
    private readonly ReplicationScene _scene = new();
    private readonly ReplicaWorker _worker;

    public SegmentAdoptionTests() => _worker = _scene.Worker();

    [Theory]
    [InlineData("snapshots")]
    [InlineData("wal")]
    public async Task An_upload_whose_answer_was_lost_is_adopted(string kind)
    {
        var lost = 0;
        _scene.Replica.After = call => call.StartsWith("PUT", StringComparison.Ordinal)
            && call.Contains(kind, StringComparison.Ordinal)
            && lost++ == 0
                ? throw Transient()
                : Task.CompletedTask;

        await _scene.PumpAsync(_worker.RunOnceAsync(default));
        _scene.Insert();
        await _worker.RunOnceAsync(default);

        lost.Should().BeGreaterThan(0);
        _scene.Capture.Requests.Should().BeEmpty();
        _worker.Position.Should().Be(_scene.Capture.Head!.Position);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task An_upload_that_was_cancelled_after_it_took_effect_is_adopted_by_the_next_pass()
    {
        using var cancelled = new CancellationTokenSource();
        await _worker.RunOnceAsync(default);
        _scene.Insert();
        _scene.Replica.After = call => call.StartsWith("PUT", StringComparison.Ordinal)
            ? cancelled.CancelAsync().ContinueWith(_ => cancelled.Token.ThrowIfCancellationRequested(), TaskScheduler.Default)
            : Task.CompletedTask;
        await FluentActions.Awaiting(() => _worker.RunOnceAsync(cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();
        _scene.Replica.After = _ => Task.CompletedTask;
        _scene.Insert();

        await _worker.RunOnceAsync(default);

        _worker.GetStatus().State.Should().Be(ReplicationState.Replicating);
        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_shorter_object_with_the_same_bytes_is_adopted_and_gone_on_from()
    {
        await _worker.RunOnceAsync(default);
        var start = _worker.Position.Offset;
        _scene.Insert();
        _scene.Replica[_scene.SegmentKey(0, start)] = ReplicationScene.Encode(Captured(start, _scene.Capture.Head!.Position.Offset));
        var end = _scene.Capture.Head!.Position.Offset;
        _scene.Insert(2);

        await _worker.RunOnceAsync(default);

        _scene.Replica.CallsOf("PUT").Should().EndWith("PUT " + _scene.SegmentKey(0, end));
        _scene.SegmentTrailer(_scene.SegmentKey(0, end)).Previous!.EndOffset.Should().Be(end);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_longer_object_with_the_same_bytes_is_adopted_as_far_as_was_captured()
    {
        await _worker.RunOnceAsync(default);
        var start = _worker.Position.Offset;
        _scene.Insert();
        var key = _scene.SegmentKey(0, start);
        _scene.Replica.Before = (call, _) =>
        {
            if (call == "PUT " + key)
            {
                _scene.Insert(3);
                _scene.Replica[key] = ReplicationScene.Encode(Captured(start, _scene.Capture.Head!.Position.Offset));
            }

            return Task.CompletedTask;
        };

        await _worker.RunOnceAsync(default);

        _scene.Capture.Requests.Should().BeEmpty();
        _worker.Position.Should().Be(_scene.Capture.Head!.Position);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task The_trailer_of_an_adopted_object_is_not_compared()
    {
        await _worker.RunOnceAsync(default);
        var start = _worker.Position.Offset;
        _scene.Insert();
        var trailer = SegmentTrailerCodec.Encode(_scene.SegmentTrailer(_scene.SegmentKey(0, 0)));
        _scene.Replica[_scene.SegmentKey(0, start)] =
            ReplicationScene.Encode(Captured(start, _scene.Capture.Head!.Position.Offset), trailer);

        (await _worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.Capture.Requests.Should().BeEmpty();
    }

    [Theory]
    [InlineData("other bytes")]
    [InlineData("longer than what was captured")]
    [InlineData("in the middle of a frame")]
    [InlineData("damaged")]
    [InlineData("empty")]
    public async Task Anything_else_is_another_writer(string what)
    {
        await _worker.RunOnceAsync(default);
        var start = _worker.Position.Offset;
        _scene.Insert();
        var bytes = Captured(start, _scene.Capture.Head!.Position.Offset);
        var key = _scene.SegmentKey(0, start);
        _scene.Replica[key] = what switch
        {
            "other bytes" => ReplicationScene.Encode([.. bytes[..^1], (byte)~bytes[^1]]),
            "longer than what was captured" => ReplicationScene.Encode([.. bytes, .. new byte[4120]]),
            "in the middle of a frame" => ReplicationScene.Encode(bytes.AsSpan(0, 1000)),
            "damaged" => ReplicationScene.Encode(bytes)[..^2],
            _ => [],
        };
        _scene.Replica.ForgetCalls();

        (await _worker.RunOnceAsync(default)).Should().BeFalse();

        var request = _scene.Capture.Requests.Should().ContainSingle().Subject;
        request.Reason.Should().Be(GenerationReason.ReplicaConflict);
        request.Generation.Should().Be(_scene.Generation);
        request.Detail.Should().Contain(key).And.Contain("primary");
        var status = _worker.GetStatus();
        status.State.Should().Be(ReplicationState.Retrying);
        status.LastError.Should().Contain(key);

        _scene.Insert();
        _scene.Replica.ForgetCalls();
        (await _worker.RunOnceAsync(default)).Should().BeFalse();
        _scene.Replica.Calls.Should().BeEmpty("this generation is left alone");

        _scene.Capture.NewGeneration();
        (await _worker.RunOnceAsync(default)).Should().BeTrue();
        _worker.GetStatus().State.Should().Be(ReplicationState.Replicating);
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task A_foreign_snapshot_under_our_key_is_another_writer()
    {
        _scene.Replica.Before = (call, _) =>
        {
            if (call == "PUT " + _scene.SnapshotKey(0))
            {
                _scene.Replica[_scene.SnapshotKey(0)] = ReplicationScene.Encode(_scene.Capture.Image().Bytes);
            }

            return Task.CompletedTask;
        };

        (await _worker.RunOnceAsync(default)).Should().BeFalse();

        var request = _scene.Capture.Requests.Should().ContainSingle().Subject;
        request.Reason.Should().Be(GenerationReason.ReplicaConflict);
        request.Detail.Should().Contain(_scene.SnapshotKey(0));
        _scene.Replica.CallsOf("PUT").Should().ContainSingle("no WAL follows a snapshot that is not ours");
    }

    [Fact]
    public async Task An_adopted_snapshot_covers_only_what_it_contains()
    {
        var older = _scene.Capture.Image();
        _scene.Insert(3);
        var sequences = new List<long>();
        _scene.Replica.Before = (call, _) =>
        {
            if (call == "PUT " + _scene.SnapshotKey(0))
            {
                _scene.Replica[_scene.SnapshotKey(0)] = ReplicationScene.Encode(older.Bytes, SnapshotTrailerCodec.Encode(new SnapshotTrailer
                {
                    Index = 0,
                    CoveredOffset = older.Position.Offset,
                    Salts = older.Salts,
                    CoveredChecksum = older.Checksum,
                    PageSize = older.PageSize,
                    DatabaseSize = older.Bytes.Length,
                    TakenAt = older.TakenAt,
                    WriterId = _scene.Capture.WriterId,
                    RawHash = System.Security.Cryptography.SHA256.HashData(older.Bytes),
                }));
            }
            else if (call == "PUT " + _scene.SegmentKey(0, 0))
            {
                _worker.Position.Should().Be(older.Position);
                sequences.Add(_worker.CoveredSequence);
            }

            return Task.CompletedTask;
        };

        (await _worker.RunOnceAsync(default)).Should().BeTrue();

        sequences.Should().ContainSingle().Which.Should().BeLessThan(_scene.Capture.Head!.Sequence - 1);
        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task An_object_that_vanishes_before_it_can_be_compared_is_tried_again()
    {
        await _worker.RunOnceAsync(default);
        var start = _worker.Position.Offset;
        _scene.Insert();
        var key = _scene.SegmentKey(0, start);
        _scene.Replica[key] = [1, 2, 3];
        _scene.Replica.Before = (call, _) =>
        {
            if (call == "GET " + key)
            {
                _scene.Replica.Remove(key);
            }

            return Task.CompletedTask;
        };

        (await FluentActions.Awaiting(() => _scene.PumpAsync(_worker.RunOnceAsync(default))).Should().ThrowAsync<ReplicaException>())
            .Which.IsTransient.Should().BeTrue();
        (await _worker.RunOnceAsync(default)).Should().BeTrue();

        _scene.Capture.Requests.Should().BeEmpty();
        _scene.ShouldRestore();
    }

    [Fact]
    public async Task What_rotted_in_the_shadow_does_not_get_onto_the_replica()
    {
        await _worker.RunOnceAsync(default);
        _scene.Insert();
        _scene.Capture.Flip(0, _worker.Position.Offset + 100);
        _scene.Replica.ForgetCalls();

        (await _worker.RunOnceAsync(default)).Should().BeFalse();

        _scene.Capture.Requests.Should().ContainSingle().Which.Reason.Should().Be(GenerationReason.ShadowTorn);
        _scene.Replica.CallsOf("PUT").Should().BeEmpty();
    }

    public void Dispose() => _scene.Dispose();

    private byte[] Captured(long from, long to)
    {
        var bytes = new byte[to - from];
        _scene.Capture.Read(_scene.Generation, 0, from, bytes).Should().Be(bytes.Length);
        return bytes;
    }

    private static ReplicaException Transient() => new("The answer was lost.", innerException: null, isTransient: true);
}
