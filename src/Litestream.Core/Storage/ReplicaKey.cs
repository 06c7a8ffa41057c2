using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Litestream.Storage;

/// <summary>The rules that keys of a replica follow, so that none can become a path outside it.</summary>
internal static class ReplicaKey
{
    // What Windows takes for something else than a part of a name.
    private static readonly SearchValues<char> NotInWindowsNames = SearchValues.Create(@"\:*?""<>|");

    private static readonly HashSet<string> WindowsDevices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <exception cref="ArgumentException">It is no key, or none that a folder can hold.</exception>
    public static void CheckFile([NotNull] string? key)
    {
        Check(key);
        if (key.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)
            || (OperatingSystem.IsWindows() && !IsWindowsName(key)))
        {
            throw new ArgumentException($"'{key}' cannot be the name of an object in a folder.", nameof(key));
        }
    }

    /// <summary>
    /// False if Windows would take a part for something else: for a device (<c>CON</c>, <c>nul.wal</c>), or for the name without
    /// the dots and spaces at its end.
    /// </summary>
    internal static bool IsWindowsName(string key)
    {
        if (key.AsSpan().ContainsAny(NotInWindowsNames) || key.AsSpan().ContainsAnyInRange('\0', '\x1F'))
        {
            return false;
        }

        foreach (var part in key.Split('/'))
        {
            var stem = part.Split('.')[0].TrimEnd(' ');
            if (part.EndsWith('.') || part.EndsWith(' ') || WindowsDevices.Contains(stem))
            {
                return false;
            }
        }

        return true;
    }

    /// <exception cref="ArgumentException">It is no key.</exception>
    public static void Check([NotNull] string? key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (!ArePartsSound(key))
        {
            throw new ArgumentException($"'{key}' is no key: parts between '/' must not be empty, '.' or '..'.", nameof(key));
        }
    }

    /// <exception cref="ArgumentException">No key begins so.</exception>
    public static void CheckPrefix([NotNull] string? prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var complete = prefix.LastIndexOf('/');
        if (complete >= 0 && !ArePartsSound(prefix[..complete]))
        {
            throw new ArgumentException($"No key begins with '{prefix}': parts between '/' must not be empty, '.' or '..'.", nameof(prefix));
        }
    }

    /// <exception cref="ArgumentException">It is neither empty nor a path that ends in <c>/</c>.</exception>
    public static void CheckFolderPrefix([NotNull] string? prefix)
    {
        CheckPrefix(prefix);
        if (prefix.Length > 0 && !prefix.EndsWith('/'))
        {
            throw new ArgumentException($"'{prefix}' must be empty or end in '/'.", nameof(prefix));
        }
    }

    /// <summary>The key as a path below a folder; behind <c>\\?\</c> Windows takes a <c>/</c> for a letter of a name.</summary>
    public static string ToPath(string key) =>
        Path.DirectorySeparatorChar == '/' ? key : key.Replace('/', Path.DirectorySeparatorChar);

    private static bool ArePartsSound(string path)
    {
        foreach (var range in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(range) is "" or "." or "..")
            {
                return false;
            }
        }

        return !path.Contains('\0', StringComparison.Ordinal);
    }
}
