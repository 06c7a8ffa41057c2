using System.Security.Cryptography;

namespace Litestream.Shadow;

/// <summary>The name of one unbroken run of WAL history: 16 lower-case hexadecimal digits, drawn at random.</summary>
internal static class Generation
{
    private const int RandomBytes = 8;

    /// <summary>A name that nobody else has.</summary>
    public static string NewName()
    {
        Span<byte> bytes = stackalloc byte[RandomBytes];
        RandomNumberGenerator.Fill(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>True for what could have come from <see cref="NewName"/>.</summary>
    public static bool IsName(string name) => name is { Length: 2 * RandomBytes } && name.All(char.IsAsciiHexDigitLower);
}
