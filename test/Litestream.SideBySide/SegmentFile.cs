using Litestream.Storage;

namespace Litestream.SideBySide;

/// <summary>A segment in a folder.</summary>
internal sealed record SegmentFile(string Path, SegmentName Name)
{
    /// <summary>Where its bytes end in their WAL.</summary>
    public long End => Name.Offset + Content().Length;

    public static SegmentFile? Of(string path)
    {
        var parts = path.Split('/');
        return ReplicaLayout.TryParseSegment(string.Join('/', parts[^4..]), out var name) ? new SegmentFile(path, name) : null;
    }

    /// <summary>The bytes of the WAL that it holds.</summary>
    public byte[] Content()
    {
        using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(File.ReadAllBytes(Path)), Path);
        using var content = new MemoryStream();
        decoder.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>Puts other bytes into it, in a sound LZ4 frame, and leaves the trailer, if there is one, and the time as they are.</summary>
    public void Replace(byte[] content)
    {
        var old = File.ReadAllBytes(Path);
        var time = File.GetLastWriteTimeUtc(Path);
        var state = TrailerFrame.Unwrap(old, TrailerFrame.SegmentMagic, out var trailer, out _, out _);
        using (var file = File.Create(Path))
        {
            using (var encoder = Lz4Frame.OpenEncoder(file, leaveOpen: true))
            {
                encoder.Write(content);
            }

            if (state == TrailerState.Sound)
            {
                file.Write(old.AsSpan(^trailer..));
            }
        }

        File.SetLastWriteTimeUtc(Path, time);
    }
}
