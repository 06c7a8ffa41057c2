using System.Globalization;
using System.Net;
using Prometheus;

namespace Litestream.Cli.Service;

/// <summary>Serves <c>/metrics</c> under the key <c>addr</c>, with Litestream's names (docs/FORMAT.md, section 6).</summary>
internal sealed class MetricsEndpoint : IAsyncDisposable
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly LitestreamCounters _counters;
    private MetricServer? _server;

    public MetricsEndpoint()
    {
        _counters = new LitestreamCounters(Metrics.WithCustomRegistry(_registry));
        _registry.AddBeforeCollectCallback(_counters.Collect);
        DotNetStats.Register(_registry);
    }

    /// <summary>From now on the metrics are those of this replication; counters go on counting.</summary>
    public void Watch(Replication replication) => _counters.Watch(replication);

    /// <summary>Listens, and returns the address.</summary>
    /// <exception cref="ToolException">The address makes no sense or is taken.</exception>
    public string Listen(string addr)
    {
        var colon = addr.LastIndexOf(':');
        var host = colon < 0 ? "" : addr[..colon];
        if (colon < 0 || !int.TryParse(addr[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is 0 or > ushort.MaxValue)
        {
            throw new ToolException($"must specify port for bind address: \"{addr}\"", "write addr: \":9090\" or addr: \"127.0.0.1:9090\"");
        }

        try
        {
            _server = new MetricServer(host is "" or "0.0.0.0" or "[::]" ? "+" : host, port, registry: _registry);
            _server.Start();
        }
        catch (HttpListenerException exception)
        {
            throw new ToolException($"cannot serve metrics on {addr}: {exception.Message}", "choose another addr, or end what listens there", exception);
        }

        return $"http://{(host.Length == 0 ? "localhost" : host)}:{port.ToString(CultureInfo.InvariantCulture)}/metrics";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _counters.Dispose();
        if (_server is not null)
        {
            await _server.StopAsync().ConfigureAwait(false);
        }
    }
}
