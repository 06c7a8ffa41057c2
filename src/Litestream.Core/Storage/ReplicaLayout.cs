using System.Globalization;

namespace Litestream.Storage;

/// <summary>
/// Every key on a replica, and nothing else knows one. The layout of Litestream v0.3.5 to v0.3.14:
/// </summary>
/// <remarks>
/// <code>
/// generations/G/snapshots/IIIIIIII.snapshot.lz4
/// generations/G/wal/IIIIIIII_OOOOOOOO.wal.lz4
/// </code>
/// G is 16, I is 8, O is 8 lower-case hexadecimal digits; O is the offset of the segment's first uncompressed byte in its
/// WAL. Anything else is somebody else's file and is passed over. The layout before v0.3.5 (<c>I.wal</c>,
/// <c>I.wal.lz4</c>, <c>I_O.wal</c>, <c>I.snapshot</c>) is read, never written. docs/FORMAT.md, section 1.
/// </remarks>
internal static class ReplicaLayout
{
    /// <summary>Where all generations lie.</summary>
    public const string GenerationsPrefix = "generations/";

    private const string SnapshotSuffix = ".snapshot";
    private const string WalSuffix = ".wal";
    private const string Lz4Suffix = ".lz4";

    public static string GenerationPrefix(string generation) => $"{GenerationsPrefix}{Checked(generation)}/";

    public static string SnapshotsPrefix(string generation) => $"{GenerationPrefix(generation)}snapshots/";

    public static string WalPrefix(string generation) => $"{GenerationPrefix(generation)}wal/";

    public static string SnapshotKey(string generation, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return string.Create(CultureInfo.InvariantCulture, $"{SnapshotsPrefix(generation)}{index:x8}{SnapshotSuffix}{Lz4Suffix}");
    }

    public static string SegmentKey(string generation, int index, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Wal.WalFormat.MaxOffset);
        return string.Create(CultureInfo.InvariantCulture, $"{WalPrefix(generation)}{index:x8}_{offset:x8}{WalSuffix}{Lz4Suffix}");
    }

    /// <summary>True for exactly 16 lower-case hexadecimal digits.</summary>
    public static bool IsGeneration(string name) => name is { Length: 16 } && IsHex(name);

    /// <summary>The generation that a key lies in, whatever it names there; null if it lies in none.</summary>
    public static string? GenerationOf(string key) =>
        key.StartsWith(GenerationsPrefix, StringComparison.Ordinal)
        && key.IndexOf('/', GenerationsPrefix.Length) is var end and > 0
        && IsGeneration(key[GenerationsPrefix.Length..end])
            ? key[GenerationsPrefix.Length..end]
            : null;

    /// <summary>Reads a key of a snapshot.</summary>
    public static bool TryParseSnapshot(string key, out SnapshotName name)
    {
        name = default;
        if (!TrySplit(key, "snapshots", out var generation, out var file, out var compressed)
            || !file.EndsWith(SnapshotSuffix, StringComparison.Ordinal)
            || !TryParseHex(file[..^SnapshotSuffix.Length], 8, out var index))
        {
            return false;
        }

        name = new SnapshotName(generation, (int)index, compressed);
        return index <= int.MaxValue;
    }

    /// <summary>Reads a key of a WAL segment, in either layout.</summary>
    public static bool TryParseSegment(string key, out SegmentName name)
    {
        name = default;
        if (!TrySplit(key, "wal", out var generation, out var file, out var compressed)
            || !file.EndsWith(WalSuffix, StringComparison.Ordinal))
        {
            return false;
        }

        var stem = file[..^WalSuffix.Length];
        long offset = 0;
        if (stem.Length > 8 && (stem[8] != '_' || !TryParseHex(stem[9..], 8, out offset)))
        {
            return false;
        }

        if (!TryParseHex(stem[..Math.Min(8, stem.Length)], 8, out var index) || index > int.MaxValue)
        {
            return false;
        }

        name = new SegmentName(generation, (int)index, offset, compressed);
        return true;
    }

    private static bool TrySplit(string key, string folder, out string generation, out string file, out bool compressed)
    {
        generation = file = "";
        compressed = false;
        var parts = key.Split('/');
        if (parts.Length != 4 || parts[0] != "generations" || !IsGeneration(parts[1]) || parts[2] != folder)
        {
            return false;
        }

        (generation, file) = (parts[1], parts[3]);
        compressed = file.EndsWith(Lz4Suffix, StringComparison.Ordinal);
        file = compressed ? file[..^Lz4Suffix.Length] : file;
        return true;
    }

    private static bool TryParseHex(string text, int digits, out long value)
    {
        value = 0;
        return text.Length == digits
            && IsHex(text)
            && long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private static bool IsHex(string text) => text.All(char.IsAsciiHexDigitLower);

    private static string Checked(string generation) =>
        IsGeneration(generation)
            ? generation
            : throw new ArgumentException($"'{generation}' is no generation: 16 lower-case hexadecimal digits.", nameof(generation));
}
