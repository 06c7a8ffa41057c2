using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Litestream.Storage;

/// <summary>The rules that keys of a replica follow, so that none can become a path outside it.</summary>
internal static class ReplicaKey
{
    // What Windows takes for something else than a part of a name.
    private static readonly SearchValues<char> NotInWindowsNames = SearchValues.Create(@"\:*?""<>|");

    /// <exception cref="ArgumentException">It is no key, or none that a folder can hold.</exception>
    public static void CheckFile([NotNull] string? key)
    {
        Check(key);
        if (key.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal)
            || (OperatingSystem.IsWindows() && key.AsSpan().ContainsAny(NotInWindowsNames)))
        {
            throw new ArgumentException($"'{key}' cannot be the name of an object in a folder.", nameof(key));
        }
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
