namespace Litestream.Hosting;

/// <summary>Finds the key that was probably meant by one that does not exist.</summary>
internal static class KeySuggestion
{
    /// <summary>The nearest of the known keys, or null if none is near.</summary>
    public static string? For(string unknown, IEnumerable<string> known)
    {
        var wanted = Plain(unknown);
        var tolerance = Math.Max(1, wanted.Length / 3);
        return known
            .Select(key => (Key: key, Distance: Distance(wanted, Plain(key))))
            .Where(candidate => candidate.Distance <= tolerance)
            .OrderBy(candidate => candidate.Distance)
            .Select(candidate => candidate.Key)
            .FirstOrDefault();
    }

    // Litestream's own file writes sync-interval, environment variables tend to SYNC_INTERVAL.
    private static string Plain(string key) =>
        key.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Levenshtein's distance: how many letters must be inserted, dropped or replaced.</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
