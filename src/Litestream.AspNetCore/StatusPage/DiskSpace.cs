namespace Litestream.AspNetCore.StatusPage;

/// <summary>Whether a restore fits onto a disk.</summary>
internal static class DiskSpace
{
    // What is left to everybody else on that disk, whatever happens.
    private const long Reserve = 32L << 20;

    /// <summary>Why a copy of a database will not fit; null if it will, as far as can be told: what it was like then may have been larger.</summary>
    public static string? Problem(string databasePath, string folder)
    {
        var file = new FileInfo(databasePath);
        var needed = (file.Exists ? file.Length : 0) + Reserve;
        return Free(folder) is { } free && free < needed
            ? $"There is not enough room on the disk: the restored database needs about {DatabaseProblems.Bytes(needed)}, and {DatabaseProblems.Bytes(free)} are free."
            : null;
    }

    /// <summary>Whether so little is left that a restore has to end.</summary>
    public static bool IsAlmostFull(string folder) => Free(folder) < Reserve;

    private static long? Free(string folder)
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not every file system tells.
            return null;
        }
    }
}
