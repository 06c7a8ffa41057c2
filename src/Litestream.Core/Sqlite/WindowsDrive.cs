namespace Litestream.Sqlite;

/// <summary>The drive of a path of Windows, which may be written <c>C:\</c>, <c>\\?\C:\</c> and <c>\\.\C:\</c>.</summary>
internal static class WindowsDrive
{
    /// <returns>Null if the path names none: it is on a share, or on a volume without a letter.</returns>
    public static DriveInfo? Find(string fullPath)
    {
        var root = Path.GetPathRoot(fullPath) ?? "";
        var letter = root.StartsWith(@"\\?\", StringComparison.Ordinal) || root.StartsWith(@"\\.\", StringComparison.Ordinal) ? root[4..] : root;
        return letter is [>= 'A' and <= 'Z' or >= 'a' and <= 'z', ':', ..] ? new DriveInfo(letter[..2]) : null;
    }
}
