using Litestream.Wal;

namespace Litestream.SideBySide;

/// <summary>What happens to a replica that nobody writes to any more.</summary>
internal static class DamageOrdeals
{
    public static IReadOnlyList<Ordeal> All { get; } =
    [
        Damage("missing-middle", "a missing segment in the middle of an index",
            "One object in the middle of an index is deleted.",
            files => File.Delete(Middle(files).Path)),
        Damage("duplicated-middle", "a duplicated segment in the middle of an index",
            "One object is there a second time, under the offset of the frame after its first.",
            Duplicate),
        Damage("broken-frame", "a frame whose bytes changed before they were compressed",
            "A byte of a page in the middle of an index is another one; the LZ4 frame around it is sound.",
            BreakFrame),
        Damage("lost-tail", "the lost tail of an index",
            "The last two objects of an index are deleted; the next index is there.",
            files => files.LongestIndex.TakeLast(2).ToList().ForEach(segment => File.Delete(segment.Path))),
        Damage("cut-object", "an object that ends too early",
            "The second half of a segment is missing.",
            files => Cut(Middle(files).Path)),
        Damage("missing-index", "a whole index is missing",
            "All objects of an index in the middle are deleted.",
            files => files.LongestIndex.ToList().ForEach(segment => File.Delete(segment.Path))),
    ];

    private static Ordeal Damage(string id, string title, string story, Action<ReplicaFiles> damage) =>
        new(id, title, story, arena =>
        {
            damage(arena.Files);
            return Task.CompletedTask;
        }, OfQuietDay: true);

    private static SegmentFile Middle(ReplicaFiles files) => files.LongestIndex[files.LongestIndex.Count / 2];

    private static void Duplicate(ReplicaFiles files)
    {
        var middle = Middle(files);
        WalHeader.TryParse(files.LongestIndex[0].Content(), out var header).Should().BeTrue("an index begins with its header");
        var copy = Path.Combine(Path.GetDirectoryName(middle.Path)!, $"{middle.Name.Index:x8}_{middle.Name.Offset + header.FrameSize:x8}.wal.lz4");
        File.Copy(middle.Path, copy);
        File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(middle.Path));
    }

    private static void BreakFrame(ReplicaFiles files)
    {
        var middle = Middle(files);
        var content = middle.Content();
        content[WalFrameHeader.Size + 2000] ^= 0x20;
        middle.Replace(content);
    }

    private static void Cut(string path)
    {
        var time = File.GetLastWriteTimeUtc(path);
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(file.Length / 2);
        }

        File.SetLastWriteTimeUtc(path, time);
    }
}
