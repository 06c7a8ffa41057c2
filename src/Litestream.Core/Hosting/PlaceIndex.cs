namespace Litestream.Hosting;

/// <summary>
/// Places in a tree, such as folders, and who has them: tells who is at a place, above it or below it without a look at all
/// the others, which may be ten thousand. Not thread-safe.
/// </summary>
/// <param name="separator">What parts the segments of a path.</param>
/// <param name="comparer">Whether two paths are the same.</param>
internal sealed class PlaceIndex(char separator, StringComparer comparer)
{
    private readonly Dictionary<string, HashSet<string>> _at = new(comparer);
    private readonly Dictionary<string, HashSet<string>> _below = new(comparer);

    /// <summary>Puts somebody at a place.</summary>
    public void Add(string path, string who)
    {
        Put(_at, path, who);
        foreach (var above in Above(path))
        {
            Put(_below, above, who);
        }
    }

    /// <summary>Takes him away again. He has only one place here.</summary>
    public void Remove(string path, string who)
    {
        Take(_at, path, who);
        foreach (var above in Above(path))
        {
            Take(_below, above, who);
        }
    }

    /// <summary>Who is exactly there; null for nobody.</summary>
    public string? At(string path) => First(_at, path);

    /// <summary>Who is there, or at a place that this one lies in; null for nobody.</summary>
    public string? AtOrAbove(string path) => At(path) ?? Above(path).Select(At).FirstOrDefault(who => who is not null);

    /// <summary>Who is there, or at a place that lies in this one; null for nobody.</summary>
    public string? AtOrBelow(string path) => At(path) ?? First(_below, path);

    private IEnumerable<string> Above(string path)
    {
        for (var end = path.LastIndexOf(separator); end >= 0; end = end == 0 ? -1 : path.LastIndexOf(separator, end - 1))
        {
            // The root of a file system is its separator.
            yield return path[..Math.Max(end, 1)];
        }
    }

    private static string? First(Dictionary<string, HashSet<string>> places, string path) =>
        places.TryGetValue(path, out var who) ? who.First() : null;

    private static void Put(Dictionary<string, HashSet<string>> places, string path, string who)
    {
        if (!places.TryGetValue(path, out var all))
        {
            places[path] = all = new HashSet<string>(StringComparer.Ordinal);
        }

        all.Add(who);
    }

    private static void Take(Dictionary<string, HashSet<string>> places, string path, string who)
    {
        if (places.TryGetValue(path, out var all) && all.Remove(who) && all.Count == 0)
        {
            places.Remove(path);
        }
    }
}
