using System.Diagnostics;
using System.Threading.Channels;

namespace Litestream.Compare.Programs;

/// <summary>One direction of a connection: what goes in comes out a while later, as much at a time as one likes.</summary>
internal sealed class DelayedPipe(Stream from, Stream to, TimeSpan delay, Action<ReadOnlyMemory<byte>> onBytes)
{
    private readonly Channel<(byte[] Bytes, long At)> _way = Channel.CreateUnbounded<(byte[], long)>();

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(ReadAsync(cancellationToken), WriteAsync(cancellationToken));

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            for (int read; (read = await from.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                onBytes(buffer.AsMemory(0, read));
                await _way.Writer.WriteAsync((buffer[..read], Stopwatch.GetTimestamp()), cancellationToken);
            }
        }
        finally
        {
            _way.Writer.Complete();
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        await foreach (var (bytes, at) in _way.Reader.ReadAllAsync(cancellationToken))
        {
            if (delay - Stopwatch.GetElapsedTime(at) is { Ticks: > 0 } left)
            {
                await Task.Delay(left, cancellationToken);
            }

            await to.WriteAsync(bytes, cancellationToken);
        }
    }
}
