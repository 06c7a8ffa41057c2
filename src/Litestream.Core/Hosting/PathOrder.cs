namespace Litestream.Hosting;

/// <summary>Compares full paths as the system's usual file systems do.</summary>
internal static class PathOrder
{
    public static StringComparer Comparer { get; } =
        OperatingSystem.IsLinux() || OperatingSystem.IsFreeBSD() ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>The one way to write a full path: what is the same file or folder is then equal by <see cref="Comparer"/>.</summary>
    public static string Trim(string path) => Path.TrimEndingDirectorySeparator(path);
}
