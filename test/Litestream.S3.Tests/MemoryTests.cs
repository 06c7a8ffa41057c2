namespace Litestream.S3;

/// <summary>Counts what the whole process allocates, so nothing else runs beside it.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests
{
    [Fact]
    public async Task Memory_does_not_grow_with_the_object()
    {
        // What arrives is thrown away: only the client's own memory counts.
        await using var drain = await DrainStore.StartAsync();
        await using var client = new S3ReplicaClient(
            $"s3://bkt/app?endpoint={drain.Endpoint}&part-size=8MiB", new S3ReplicaOptions { AccessKeyId = "a", SecretAccessKey = "b" });
        await client.WriteAsync("warm", new ZeroStream(20 << 20));
        var before = GC.GetTotalAllocatedBytes(precise: true);

        await client.WriteAsync("large", new ZeroStream(200 << 20));

        (GC.GetTotalAllocatedBytes(precise: true) - before).Should().BeLessThan(40 << 20);
    }
}
