using System.Text.RegularExpressions;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>Takes the folders out of local paths in a text, and leaves the names of files.</summary>
internal static partial class LocalPaths
{
    private const string Hidden = "…/";

    /// <param name="text">What a person is to read.</param>
    /// <param name="known">Paths whose folders are known, and may hold blanks.</param>
    public static string Hide(string text, params IEnumerable<string> known)
    {
        foreach (var folder in known.Select(Path.GetDirectoryName).OfType<string>().Where(folder => folder.Length > 1).OrderByDescending(folder => folder.Length))
        {
            text = text.Replace(folder + Path.DirectorySeparatorChar, Hidden, StringComparison.Ordinal).Replace(folder, "…", StringComparison.Ordinal);
        }

        text = FileUrl().Replace(text, match => "file:///" + Hidden + Name(match.Value));
        text = Quoted().Replace(text, match => match.Groups[1].Value + Hidden + Name(match.Groups[2].Value) + match.Groups[1].Value);
        return Bare().Replace(text, match => Hidden + Name(match.Value));
    }

    private static string Name(string path) => path.TrimEnd('/', '\\').Split('/', '\\')[^1];

    [GeneratedRegex("""file://[^\s'"]*""", RegexOptions.IgnoreCase)]
    private static partial Regex FileUrl();

    [GeneratedRegex("""(['"])((?:/|\\\\|[A-Za-z]:[\\/])[^'"]*)\1""")]
    private static partial Regex Quoted();

    // What follows a colon, a slash or a word is a part of a URL, of a key or of a position.
    [GeneratedRegex("""(?<![\w:/…\\.~-])(?:(?:/[^\s/'",;()]+){2,}/?|(?:\\\\|[A-Za-z]:[\\/])[^\s'",;()]+)""")]
    private static partial Regex Bare();
}
