namespace Litestream.Storage;

/// <summary>
/// A folder as a <c>file:</c> URI: <c>file:///var/backups/app</c>, of a Windows drive <c>file:///C:/backups/app</c>, of a share
/// <c>file://server/share/app</c>. Its <see cref="Uri.LocalPath"/> is the folder again, whatever its name contains.
/// </summary>
internal static class FolderUri
{
    private const string DevicePrefix = @"\\?\";
    private const string DeviceSharePrefix = @"\\?\UNC\";

    /// <param name="fullPath">A full path of this system.</param>
    public static Uri Of(string fullPath) => Of(fullPath, OperatingSystem.IsWindows());

    internal static Uri Of(string fullPath, bool windows) =>
        // Taken apart here: the URI class would take a % in a name for an escape, and UriBuilder a drive for a host.
        windows ? OfWindows(fullPath) : new Uri("file://" + Escaped(fullPath.Split('/')));

    private static Uri OfWindows(string path)
    {
        if (path.StartsWith(DeviceSharePrefix, StringComparison.OrdinalIgnoreCase))
        {
            path = @"\\" + path[DeviceSharePrefix.Length..];
        }
        else if (path.StartsWith(DevicePrefix, StringComparison.Ordinal))
        {
            path = path[DevicePrefix.Length..];
        }

        var parts = path.Split('\\');
        return parts is ["", "", var server, .. var share]
            ? new Uri($"file://{server}/{Escaped(share)}")
            : new Uri($"file:///{parts[0]}/{Escaped(parts[1..])}");
    }

    private static string Escaped(IEnumerable<string> parts) => string.Join('/', parts.Select(Uri.EscapeDataString));
}
