using System.Text;

namespace Litestream.Sqlite;

/// <summary>Tells the file systems on which SQLite's shared memory and locks do not work.</summary>
internal static class NetworkFileSystem
{
    private const string MountInfo = "/proc/self/mountinfo";

    private static readonly string[] Types = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs"];

    /// <summary>The name of the network file system that a path lies on; null if it lies on another, or if nobody can tell.</summary>
    public static string? Find(string fullPath)
    {
        if (OperatingSystem.IsLinux())
        {
            return File.Exists(MountInfo) ? Find(fullPath, File.ReadLines(MountInfo)) : null;
        }

        if (!OperatingSystem.IsWindows())
        {
            return null;
        }

        var root = Path.GetPathRoot(fullPath) ?? "";
        return WindowsDrive.Find(fullPath) is { } drive ? (drive.DriveType == DriveType.Network ? root : null)
            : root.StartsWith(@"\\", StringComparison.Ordinal) && !IsDevice(root) ? root : null;
    }

    /// <summary>The same, from the lines of a mountinfo (proc(5)): of the mount points above the path the longest counts, and of equals the last.</summary>
    internal static string? Find(string fullPath, IEnumerable<string> mountInfo)
    {
        var (longest, type) = (-1, "");
        foreach (var line in mountInfo)
        {
            // 36 35 98:0 /root /mount/point options [optional fields] - type source super-options
            var separator = line.IndexOf(" - ", StringComparison.Ordinal);
            var before = line.Split(' ');
            if (separator < 0 || before.Length < 5)
            {
                continue;
            }

            var mountPoint = Unescape(before[4]);
            if (mountPoint.Length >= longest && Contains(mountPoint, fullPath))
            {
                longest = mountPoint.Length;
                type = line[(separator + 3)..].Split(' ')[0];
            }
        }

        return Types.Contains(type, StringComparer.OrdinalIgnoreCase) ? type : null;
    }

    private static bool IsDevice(string root) =>
        (root.StartsWith(@"\\?\", StringComparison.Ordinal) || root.StartsWith(@"\\.\", StringComparison.Ordinal))
        && !root[4..].StartsWith(@"UNC\", StringComparison.OrdinalIgnoreCase);

    private static bool Contains(string mountPoint, string path) =>
        path.StartsWith(mountPoint, StringComparison.Ordinal)
        && (mountPoint.EndsWith('/') || path.Length == mountPoint.Length || path[mountPoint.Length] == '/');

    // Space, tab, newline and backslash are written as three octal digits behind a backslash, byte by byte.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) && IsOctal(text[i + 3]))
            {
                result.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    private static bool IsOctal(char c) => c is >= '0' and <= '7';
}
