namespace Litestream.Crash.Durability;

/// <summary>A file whose writes are on their way to the disk until it is synced.</summary>
internal sealed class CutFile
{
    private const int SectorBytes = 512;

    private readonly List<(byte[]? Bytes, long Offset, int End)> _pending = [];
    private byte[] _durable = [];

    public void Write(WrittenData data, int end) => _pending.Add((data.Bytes, data.Offset, end));

    public void SetLength(long length, int end) => _pending.Add((null, length, end));

    /// <summary>Everything that was written before the sync began is on the disk.</summary>
    public void Sync(int start)
    {
        foreach (var (bytes, offset, _) in _pending.Where(change => change.End < start))
        {
            _durable = Changed(_durable, bytes, offset);
        }

        _pending.RemoveAll(change => change.End < start);
    }

    /// <summary>What a power cut leaves: of what was not synced nothing, all, a beginning, or anything in any order; one write torn.</summary>
    public byte[] Cut(Random random)
    {
        var content = _durable.ToArray();
        var mode = random.Next(4);
        var upTo = random.Next(_pending.Count + 1);
        var torn = random.Next(_pending.Count + 1);
        for (var i = 0; i < _pending.Count; i++)
        {
            if (mode == 0 || (mode == 2 && i >= upTo) || (mode == 3 && random.Next(2) == 0))
            {
                continue;
            }

            var (bytes, offset, _) = _pending[i];
            if (i == torn && bytes is { Length: > SectorBytes })
            {
                var sectors = random.Next(1, (bytes.Length + SectorBytes - 1) / SectorBytes);
                bytes = bytes[..(sectors * SectorBytes)];
            }

            content = Changed(content, bytes, offset);
        }

        return content;
    }

    /// <summary>All that was written, as a file on another disk has it.</summary>
    public byte[] Whole() => _pending.Aggregate(_durable, (content, change) => Changed(content, change.Bytes, change.Offset));

    private static byte[] Changed(byte[] content, byte[]? bytes, long offset)
    {
        var length = bytes is null ? (int)offset : Math.Max(content.Length, (int)offset + bytes.Length);
        if (length != content.Length)
        {
            Array.Resize(ref content, length);
        }
        else
        {
            content = content.ToArray();
        }

        bytes?.CopyTo(content, offset);
        return content;
    }
}
