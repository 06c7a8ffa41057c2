namespace Litestream.Hosting;

/// <summary>Compares full paths as the system's usual file systems do.</summary>
internal static class PathOrder
{
    private static readonly StringComparison Comparison =
        OperatingSystem.IsLinux() || OperatingSystem.IsFreeBSD() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>True if both are the same file or folder.</summary>
    public static bool Same(string a, string b) => Trim(a).Equals(Trim(b), Comparison);

    /// <summary>True if <paramref name="path"/> is <paramref name="folder"/> or lies somewhere in it.</summary>
    public static bool IsAtOrInside(string path, string folder) =>
        Same(path, folder) || Trim(path).StartsWith(Trim(folder) + Path.DirectorySeparatorChar, Comparison);

    private static string Trim(string path) => Path.TrimEndingDirectorySeparator(path);
}
