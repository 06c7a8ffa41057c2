using Litestream.Storage;

namespace Litestream.Core.Tests.Storage;

public sealed class FolderUriTests
{
    [Theory]
    [InlineData("/var/backups/app", "file:///var/backups/app")]
    [InlineData("/var/my backups/100%/a#b?c", "file:///var/my%20backups/100%25/a%23b%3Fc")]
    [InlineData("/", "file:///")]
    public void A_folder_of_a_Unix_system(string path, string uri)
    {
        var folder = FolderUri.Of(path, windows: false);

        folder.AbsoluteUri.Should().Be(uri);
        folder.LocalPath.Should().Be(path);
    }

    [Theory]
    [InlineData(@"C:\backups\app", "file:///C:/backups/app", @"C:\backups\app")]
    [InlineData(@"d:\my backups\100%\a#b", "file:///d:/my%20backups/100%25/a%23b", @"d:\my backups\100%\a#b")]
    [InlineData(@"C:\", "file:///C:/", @"C:\")]
    [InlineData(@"\\server\share\my app", "file://server/share/my%20app", @"\\server\share\my app")]
    [InlineData(@"\\?\C:\backups\app", "file:///C:/backups/app", @"C:\backups\app")]
    [InlineData(@"\\?\UNC\server\share\app", "file://server/share/app", @"\\server\share\app")]
    public void A_folder_of_a_Windows_drive_or_share(string path, string uri, string local)
    {
        var folder = FolderUri.Of(path, windows: true);

        folder.AbsoluteUri.Should().Be(uri);
        folder.LocalPath.Should().Be(local);
        folder.IsFile.Should().BeTrue();
    }
}
