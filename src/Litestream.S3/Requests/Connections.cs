using System.Net.Sockets;

namespace Litestream.S3.Requests;

/// <summary>The connections to a store.</summary>
internal static class Connections
{
    // A connection that was kept open may have died unnoticed: one more is worth a trial. .NET by itself makes four.
    private const int ConnectionsPerRequest = 1;

    private static readonly HttpRequestOptionsKey<int> Opened = new("litestream.connections");

    // So that a store's new addresses are noticed.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public static SocketsHttpHandler Create(int maxConnections) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // The store is not part of the application's traces, and a header of theirs would be unsigned.
        ActivityHeadersPropagator = null,
        MaxConnectionsPerServer = maxConnections,
        PooledConnectionLifetime = Lifetime,
        PooledConnectionIdleTimeout = IdleTimeout,
        ConnectTimeout = ConnectTimeout,
        ConnectCallback = ConnectAsync,
    };

    // .NET sends a request without a body again on a new connection when the old one dropped before an answer came. Against
    // a store that drops every connection this would be one more request each time.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var options = context.InitialRequestMessage.Options;
        var opened = options.TryGetValue(Opened, out var before) ? before : 0;
        if (opened >= ConnectionsPerRequest)
        {
            throw new IOException("The store dropped the connection before it answered.");
        }

        options.Set(Opened, opened + 1);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
