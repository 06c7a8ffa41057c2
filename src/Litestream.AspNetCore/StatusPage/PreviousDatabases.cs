using System.Globalization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>Finds what restores in place put aside: <c>app.db.before-restore-20261128T034645Z</c>. Looks at names, opens nothing.</summary>
internal static class PreviousDatabases
{
    private const string Infix = ".before-restore-";
    private const string Time = "yyyyMMdd'T'HHmmss'Z'";
    private const int Shown = 20;

    /// <summary>The newest first.</summary>
    public static IReadOnlyList<PreviousDatabase> Find(string databasePath)
    {
        var prefix = Path.GetFileName(databasePath) + Infix;
        try
        {
            return
            [
                .. new DirectoryInfo(Path.GetDirectoryName(databasePath)!).EnumerateFiles()
                    .Where(file => file.Name.StartsWith(prefix, StringComparison.Ordinal))
                    .Select(file => (file, At: Parse(file.Name[prefix.Length..])))
                    .Where(pair => pair.At is not null)
                    .Select(pair => new PreviousDatabase(pair.file.Name, pair.At!.Value, pair.file.Length))
                    .OrderByDescending(previous => previous.At)
                    .ThenByDescending(previous => previous.File, StringComparer.Ordinal)
                    .Take(Shown),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Behind the time there may be a number, if there were several in one second; not a side file's ending.
    private static DateTimeOffset? Parse(string suffix)
    {
        var parts = suffix.Split('-');
        return parts.Length <= 2 && parts.Skip(1).All(part => part.All(char.IsAsciiDigit))
            && DateTimeOffset.TryParseExact(parts[0], Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : null;
    }
}
