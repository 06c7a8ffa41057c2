using Litestream.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Core.Tests.Storage;

public class MemoryReplicaClientTests : ReplicaClientContract
{
    private readonly MemoryReplicaClient _client = new();

    [Fact]
    public async Task Dates_objects_by_the_tests_clock()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await using var client = new MemoryReplicaClient(time);

        (await WriteAsync(client, "a", [1])).CreatedAt.Should().Be(time.GetUtcNow());
    }

    protected override IReplicaClient CreateClient() => _client;
}
