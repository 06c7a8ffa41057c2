using System.Text;

namespace Litestream.Yaml;

/// <summary>
/// Replaces <c>$NAME</c> and <c>${NAME}</c> in the whole text by environment variables, as Litestream does before it reads
/// the file: there is no escape, <c>$$</c> vanishes, and a variable that is not set is empty. The last two are what a
/// password with a dollar sign falls victim to, so they are warnings.
/// </summary>
internal static class EnvironmentExpansion
{
    // One character that is a name by itself, set by shells only: for us it is never set.
    private const string OneCharacterNames = "*#$@!?-0123456789";

    public static string Expand(string text, Func<string, string?> lookup, YamlReport report)
    {
        var expanded = new StringBuilder(text.Length);
        var line = 1;
        var inComment = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n')
            {
                line++;
                inComment = false;
            }
            else if (c == '#' && (i == 0 || char.IsWhiteSpace(text[i - 1])))
            {
                inComment = true;
            }

            if (c != '$' || i + 1 == text.Length)
            {
                expanded.Append(c);
                continue;
            }

            var (name, length) = NameAt(text.AsSpan(i + 1));
            if (length == 0)
            {
                expanded.Append(c);
                continue;
            }

            if (name.Length > 0)
            {
                var value = lookup(name);
                expanded.Append(value);
                if (value is null && !inComment)
                {
                    var isMeant = text[i + 1] == '{' || !MaySpeakOfSecrets(text, i);
                    report.Warn(line, isMeant
                        ? $"the environment variable {name} is not set: '${name}' was replaced by nothing (-no-expand-env leaves dollar signs alone)"
                        : "the environment variable that is named here is not set: it was replaced by nothing (-no-expand-env leaves dollar signs alone)");
                }
            }

            i += length;
        }

        return expanded.ToString();
    }

    // What follows a dollar sign may be the rest of a password.
    private static bool MaySpeakOfSecrets(string text, int index)
    {
        var start = text.LastIndexOf('\n', index) + 1;
        var end = text.IndexOf('\n', index);
        var line = text.AsSpan(start, (end < 0 ? text.Length : end) - start);
        return line.Contains("secret", StringComparison.OrdinalIgnoreCase)
            || line.Contains("password", StringComparison.OrdinalIgnoreCase)
            || line.Contains("access-key", StringComparison.OrdinalIgnoreCase)
            || line.Contains("://", StringComparison.Ordinal);
    }

    // The name, and how many characters after the dollar sign it takes; no name but a length is wrong syntax, which is dropped.
    private static (string Name, int Length) NameAt(ReadOnlySpan<char> text)
    {
        if (text[0] == '{')
        {
            var end = text.IndexOf('}');
            return end < 0 ? ("", 1) : (text[1..end].ToString(), end + 1);
        }

        if (OneCharacterNames.Contains(text[0], StringComparison.Ordinal))
        {
            return (text[..1].ToString(), 1);
        }

        var length = 0;
        while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] == '_'))
        {
            length++;
        }

        return (text[..length].ToString(), length);
    }
}
