using System.Buffers;
using System.Net;

namespace Litestream.S3.Requests;

/// <summary>A request's body on its way: keeps the call's clock going as long as the store takes bytes, and the bandwidth limit.</summary>
internal sealed class MeteredContent : HttpContent
{
    private const int PortionBytes = 64 << 10;

    private readonly HttpContent _content;
    private readonly WireCall _call;
    private readonly BandwidthLimit? _limit;

    public MeteredContent(HttpContent content, WireCall call, BandwidthLimit? limit)
    {
        _content = content;
        _call = call;
        _limit = limit;
        foreach (var (name, values) in content.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var source = await _content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var portion = _limit?.Portion ?? PortionBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(portion);
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer.AsMemory(0, portion), cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (_limit is not null)
                {
                    await _limit.WaitAsync(read, cancellationToken).ConfigureAwait(false);
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                _call.Touch();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _content.Headers.ContentLength ?? 0;
        return _content.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
