using System.Globalization;

namespace Litestream.SideBySide;

/// <summary>A replica in a folder, for those who do it harm.</summary>
internal sealed class ReplicaFiles(string root)
{
    /// <summary>The segments of the newest generation, in order.</summary>
    public IReadOnlyList<SegmentFile> Segments => Newest is not { } generation ? [] :
        [.. Files(Path.Combine(generation, "wal")).Select(SegmentFile.Of).OfType<SegmentFile>().OrderBy(segment => segment.Name.Index).ThenBy(segment => segment.Name.Offset)];

    /// <summary>The snapshots of the newest generation, in order.</summary>
    public IReadOnlyList<string> Snapshots => Newest is not { } generation ? [] :
        [.. Files(Path.Combine(generation, "snapshots")).Where(file => file.EndsWith(".snapshot.lz4", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The folder of the generation that was written to last.</summary>
    public string? Newest => !Directory.Exists(Path.Combine(root, "generations")) ? null :
        Directory.EnumerateDirectories(Path.Combine(root, "generations"))
            .MaxBy(folder => Files(folder, recurse: true).Select(File.GetLastWriteTimeUtc).DefaultIfEmpty().Max());

    /// <summary>Whether all of a shadow WAL of litestream's has been uploaded.</summary>
    public bool ReachEndOf(string? shadow) =>
        shadow is not null
        && Segments is [.., var last]
        && shadow.EndsWith($"{Path.GetFileName(Newest)}/wal/{last.Name.Index:x8}.wal", StringComparison.Ordinal)
        && last.End >= WalEnd.Of(shadow);

    /// <summary>The newest snapshot before which there is an index with several segments, as retention may keep it; null if there is none.</summary>
    public string? Kept => Snapshots.Skip(1).LastOrDefault(snapshot => Before(snapshot) is { Count: >= 4 } old && old.Count(segment => segment.Name.Index == old[^1].Name.Index) > 1);

    /// <summary>The segments that nobody needs who begins with a snapshot.</summary>
    public IReadOnlyList<SegmentFile> Before(string snapshot)
    {
        var index = int.Parse(Path.GetFileName(snapshot)[..8], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return [.. Segments.Where(segment => segment.Name.Index < index)];
    }

    /// <summary>The segments of the index that has most of them, without the newest index.</summary>
    public IReadOnlyList<SegmentFile> LongestIndex =>
        Segments.GroupBy(segment => segment.Name.Index).SkipLast(1).Select(index => index.ToList()).MaxBy(index => index.Count) is { Count: >= 4 } longest
            ? longest
            : throw new InvalidOperationException("No index has four segments: the ordeal was not set up as it should be.");

    private static string[] Files(string folder, bool recurse = false)
    {
        try
        {
            return Directory.GetFiles(folder, "*.lz4", recurse ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
