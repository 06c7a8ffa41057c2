using System.Text;

namespace Litestream.Cli.Service;

/// <summary>Splits a command as a shell does: quotes and backslashes, nothing else.</summary>
internal static class CommandWords
{
    /// <exception cref="ToolException">A quote has no end.</exception>
    public static IReadOnlyList<string> Split(string command)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var inWord = false;
        char? quote = null;
        for (var i = 0; i < command.Length; i++)
        {
            var c = command[i];
            if (c == '\\' && quote != '\'' && i + 1 < command.Length && !OperatingSystem.IsWindows())
            {
                word.Append(command[++i]);
                inWord = true;
            }
            else if (c == quote)
            {
                quote = null;
            }
            else if (quote is null && c is '"' or '\'' && quote is null)
            {
                quote = c;
                inWord = true;
            }
            else if (quote is null && char.IsWhiteSpace(c))
            {
                if (inWord)
                {
                    words.Add(word.ToString());
                    word.Clear();
                    inWord = false;
                }
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }

        if (quote is not null)
        {
            throw new ToolException($"the command of -exec has a {quote} without its end: {command}");
        }

        if (inWord)
        {
            words.Add(word.ToString());
        }

        return words;
    }
}
