using System.Text;

namespace Litestream.Diagnostics;

/// <summary>The values of enumerations as attributes are written: lower case, words apart (<c>wal_reset_while_away</c>).</summary>
internal static class AttributeText
{
    /// <summary>The value in words.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum
    {
        var name = Enum.GetName(value) ?? "unknown";
        var text = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
