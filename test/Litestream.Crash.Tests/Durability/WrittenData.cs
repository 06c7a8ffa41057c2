using System.Globalization;

namespace Litestream.Crash.Durability;

/// <summary>The bytes and the place of a write, as strace prints them: a C string, its length, and where it went.</summary>
internal sealed record WrittenData(byte[] Bytes, long Offset)
{
    /// <exception cref="InvalidDataException">strace has left out a part.</exception>
    public static WrittenData Of(SystemCall write)
    {
        var begin = write.Arguments.IndexOf(", \"", StringComparison.Ordinal) + 3;
        var end = write.Arguments.LastIndexOf("\", ", StringComparison.Ordinal);
        var numbers = write.Arguments[(end + 3)..].Split(", ");
        var bytes = Unescape(write.Arguments.AsSpan(begin, end - begin));
        return bytes.Length == long.Parse(numbers[0], CultureInfo.InvariantCulture)
            ? new WrittenData(bytes, long.Parse(numbers[1], CultureInfo.InvariantCulture))
            : throw new InvalidDataException($"{bytes.Length} of {numbers[0]} bytes were printed: {write.Arguments[..100]}");
    }

    private static byte[] Unescape(ReadOnlySpan<char> text)
    {
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.Add((byte)text[i]);
                continue;
            }

            i++;
            if (text[i] is >= '0' and <= '7')
            {
                var value = 0;
                var first = i;
                for (; i < text.Length && i < first + 3 && text[i] is >= '0' and <= '7'; i++)
                {
                    value = (value * 8) + text[i] - '0';
                }

                i--;
                bytes.Add((byte)value);
                continue;
            }

            bytes.Add(text[i] switch
            {
                'n' => (byte)'\n',
                't' => (byte)'\t',
                'r' => (byte)'\r',
                'v' => (byte)'\v',
                'f' => (byte)'\f',
                'a' => (byte)'\a',
                'b' => (byte)'\b',
                var other => (byte)other,
            });
        }

        return [.. bytes];
    }
}
