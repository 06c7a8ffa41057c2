using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Litestream.Compare.Programs;

/// <summary>
/// A store as far away as one likes: passes everything on after half of the round trip, in each direction; counts requests
/// and sees when which object was confirmed.
/// </summary>
internal sealed class StoreProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _store;
    private readonly TimeSpan _oneWay;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, int> _requests = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _accepting;
    private int _failures;

    public StoreProxy(Uri store, TimeSpan roundTrip)
    {
        _store = new IPEndPoint(IPAddress.Loopback, store.Port);
        _oneWay = roundTrip / 2;
        _listener.Start(512);
        _accepting = AcceptAsync();
    }

    /// <summary>An object is on the store: its path, and when the store said so.</summary>
    public event Action<string, long>? Stored;

    public string Endpoint => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    public int Requests => _requests.Values.Sum();

    /// <summary>Answers of 500 and above.</summary>
    public int Failures => _failures;

    public string Describe() => string.Join(", ", _requests.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} {count.Value}"));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _connections.Add(ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        using var store = new TcpClient();
        client.NoDelay = store.NoDelay = true;
        await store.ConnectAsync(_store, _stop.Token);
        var asked = new ConcurrentQueue<RequestHead>();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var requests = new RequestReader(head =>
        {
            _requests.AddOrUpdate(head.Kind, 1, (_, count) => count + 1);
            asked.Enqueue(head);
        });
        var responses = new ResponseReader(status =>
        {
            if (status >= 500)
            {
                Interlocked.Increment(ref _failures);
            }

            if (asked.TryDequeue(out var head) && head.Stores && status < 300)
            {
                Stored?.Invoke(head.Path, Stopwatch.GetTimestamp());
            }
        });
        var there = new DelayedPipe(client.GetStream(), store.GetStream(), _oneWay, requests.Take).RunAsync(ended.Token);
        var back = new DelayedPipe(store.GetStream(), client.GetStream(), _oneWay, bytes => responses.Take(bytes, asked)).RunAsync(ended.Token);
        await Task.WhenAny(there, back);
        await ended.CancelAsync();
        await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
