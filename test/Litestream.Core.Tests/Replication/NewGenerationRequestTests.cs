using Litestream.Shadow;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Replication;

/// <summary>What several replicas ask of the one capture.</summary>
public sealed class NewGenerationRequestTests
{
    [Fact]
    public async Task A_request_stands_although_another_replica_speaks_of_a_generation_that_is_over()
    {
        using var directory = new TempDirectory();
        using var app = new AppDatabase(directory);
        app.Execute("CREATE TABLE t(a BLOB)");
        var options = new DatabaseOptions { Path = app.Path };
        await using var replicator = new DatabaseReplicator(
            new CaptureDefinition("app", app.Path, directory.File("meta"), options), new NoWatcher(), TimeProvider.System, NullLogger.Instance);
        await replicator.PassAsync(default);
        var generation = replicator.Shadow.Head!.Position.Generation;

        replicator.RequestNewGeneration(generation, GenerationReason.ReplicaHoled, "something is missing");
        replicator.RequestNewGeneration("0123456789abcdef", GenerationReason.ReplicaConflict, "it is over");
        await replicator.PassAsync(default);

        replicator.Shadow.Head!.Position.Generation.Should().NotBe(generation, "else that replica would wait for ever");
        replicator.GetStatus().GenerationReason.Should().Be(nameof(GenerationReason.ReplicaHoled));
    }
}
