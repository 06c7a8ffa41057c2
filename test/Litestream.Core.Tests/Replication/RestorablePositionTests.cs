using Litestream.Restore;
using Litestream.Testing;

namespace Litestream.Replication;

/// <summary>What a worker says it has come to can be restored to, exactly, at every moment of a pass.</summary>
public sealed class RestorablePositionTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ReplicationScene _scene = new();

    [Fact]
    public async Task A_position_is_the_end_of_a_commit_also_while_a_large_transaction_goes_up_in_parts()
    {
        var worker = _scene.Worker();
        await worker.RunOnceAsync(default);
        _scene.Insert();
        await worker.RunOnceAsync(default);
        _scene.Insert();
        var small = _scene.Capture.Head!.Sequence;
        var commit = _scene.Capture.Head.Position;
        _scene.App.Execute("INSERT INTO t SELECT randomblob(1000000) FROM (VALUES(1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13),(14),(15),(16),(17),(18),(19),(20))");
        _scene.Capture.Capture();
        var parts = 0;
        _scene.Replica.Before = async (call, _) =>
        {
            if (call.StartsWith("PUT", StringComparison.Ordinal))
            {
                parts++;
                await ShouldRestoreAsync(worker.Position);
                (worker.CoveredSequence < small || worker.Position.Covers(commit)).Should().BeTrue("it holds what is acknowledged");
            }
        };

        (await worker.RunOnceAsync(default)).Should().BeTrue();

        parts.Should().BeGreaterThan(2, "else nothing was shown");
        worker.Position.Should().Be(_scene.Capture.Head!.Position);
        await ShouldRestoreAsync(worker.Position);
    }

    public void Dispose()
    {
        _scene.Dispose();
        _directory.Dispose();
    }

    private async Task ShouldRestoreAsync(ReplicationPosition position)
    {
        var options = new RestoreOptions { OutputPath = _directory.File($"{Guid.NewGuid():n}.db"), Position = position };
        var result = await new RestoreRunner(_scene.Replica.Store, "memory", _scene.Logger, _scene.Time).RunAsync(options, default);
        result.Position.Should().Be(position);
    }
}
