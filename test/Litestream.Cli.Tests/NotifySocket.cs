using System.Net.Sockets;
using System.Text;

namespace Litestream.Cli;

/// <summary>The socket on which systemd hears from a service.</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly List<string> _heard = [];

    public NotifySocket(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    public string Path { get; }

    /// <summary>Waits until so many messages in all have begun with the text.</summary>
    public async Task WaitForAsync(string text, int times = 1)
    {
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var buffer = new byte[4096];
        try
        {
            while (_heard.Count(message => message.StartsWith(text, StringComparison.Ordinal)) < times)
            {
                var length = await _socket.ReceiveAsync(buffer, end.Token);
                _heard.Add(Encoding.UTF8.GetString(buffer, 0, length));
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"'{text}' was not heard {times} times, but:\n{string.Join('\n', _heard)}");
        }
    }

    public void Dispose() => _socket.Dispose();
}
