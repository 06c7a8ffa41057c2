namespace Litestream.Testing;

/// <summary>
/// A test with the temporary folder as it is seen on a share, the drive's own, which Windows has for administrators;
/// test/platforms/wine makes one that leads to the same drive.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ShareFactAttribute : FactAttribute
{
    public ShareFactAttribute()
    {
        if (!OperatingSystem.IsWindows())
        {
            Skip = "needs Windows";
        }
        else if (!Directory.Exists(OnShare(Path.GetTempPath())))
        {
            Skip = @"needs the share \\localhost\C$";
        }
    }

    /// <summary>The same file or folder by way of the share: <c>\\localhost\C$\folder</c> of <c>C:\folder</c>.</summary>
    public static string OnShare(string path) => $@"\\localhost\{path[0]}${path[2..]}";
}
