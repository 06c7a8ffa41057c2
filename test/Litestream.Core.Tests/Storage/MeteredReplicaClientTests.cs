using System.Diagnostics.Metrics;
using Litestream.Diagnostics;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Storage;

/// <summary>Keeps the contract of the client that it measures, and measures it exactly.</summary>
public sealed class MeteredReplicaClientTests : ReplicaClientContract, IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryReplicaClient _store = new();

    public void Dispose() => _services.Dispose();

    [Fact]
    public async Task Counts_every_byte_that_is_written_and_read()
    {
        using var io = new MetricCollector<long>(Factory, LitestreamDiagnostics.MeterName, "litestream.replica.io");
        await using var client = Metered(new MemoryReplicaClient());
        await client.WriteAsync("a", new MemoryStream(new byte[1000]));
        await using (var content = await client.OpenReadAsync("a", offset: 100))
        {
            await content.ReadExactlyAsync(new byte[300]);
        }

        io.GetMeasurementSnapshot().Select(m => (m.Tags["network.io.direction"], m.Value)).Should().Equal(("transmit", 1000L), ("receive", 300L));
    }

    [Fact]
    public async Task Measures_the_time_spent_in_the_store_and_not_in_the_caller()
    {
        using var durations = new MetricCollector<double>(Factory, LitestreamDiagnostics.MeterName, "litestream.replica.operation.duration");
        await using var client = Metered(new MemoryReplicaClient());
        await client.WriteAsync("a", new MemoryStream([1]));
        await client.WriteAsync("b", new MemoryStream([1]));
        await foreach (var _ in client.ListAsync(""))
        {
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        await using (var content = await client.OpenReadAsync("a"))
        {
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        durations.GetMeasurementSnapshot().Select(m => (m.Tags["litestream.operation.name"], m.Value))
            .Should().Equal(("write", 0d), ("write", 0d), ("list", 0d), ("read", 0d));
    }

    protected override IReplicaClient CreateClient() => Metered(_store);

    private IMeterFactory Factory => _services.GetRequiredService<IMeterFactory>();

    private MeteredReplicaClient Metered(IReplicaClient client)
    {
        var telemetry = new DatabaseTelemetry(
            new LitestreamMetrics(Factory), "app", "app.db", () => new DatabaseStatus { Name = "app", State = ReplicationState.Stopped }, _time);
        return new MeteredReplicaClient(client, telemetry, "primary", "memory", _time);
    }
}
