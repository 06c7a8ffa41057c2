namespace Litestream.Storage;

/// <summary>The last 64 KiB of content of an LZ4 frame: a linked block refers at most this far back.</summary>
internal sealed class Lz4Window : IDisposable
{
    private const int Size = 64 * 1024;

    private readonly PooledBuffer _buffer = new();
    private int _length;

    public ReadOnlySpan<byte> Content => _buffer.Slice(_length).Span;

    public void Append(ReadOnlySpan<byte> content)
    {
        var window = _buffer.Slice(Size).Span;
        var kept = Math.Min(_length, Math.Max(0, Size - content.Length));
        window.Slice(_length - kept, kept).CopyTo(window);
        var added = content[Math.Max(0, content.Length - Size)..];
        added.CopyTo(window[kept..]);
        _length = kept + added.Length;
    }

    public void Dispose() => _buffer.Dispose();
}
