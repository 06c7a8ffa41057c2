using Microsoft.Win32.SafeHandles;

namespace Litestream.Storage;

/// <summary>
/// An object on its way to a replica, in a file of its own that goes away when it is closed. A folder replica on the same file
/// system takes the file itself instead of writing a second one; what was written can still be read here.
/// </summary>
internal sealed class SpooledFile(string path)
    : FileStream(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        Share = FileShare.Read | FileShare.Delete,
        Options = FileOptions.DeleteOnClose,
        BufferSize = 0,
    })
{
    /// <summary>
    /// Puts the file in place of one that has just been created to take its content, whose access rights and time it gets.
    /// </summary>
    /// <param name="created">The path of that file.</param>
    /// <param name="handle">That file.</param>
    /// <returns>False if the content has to be copied: on Windows, from another file system, or what has been read from in part.</returns>
    public bool TryTakePlaceOf(string created, SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows() || Position != 0)
        {
            return false;
        }

        try
        {
            File.SetUnixFileMode(SafeFileHandle, File.GetUnixFileMode(handle));
            File.SetLastWriteTimeUtc(SafeFileHandle, File.GetLastWriteTimeUtc(handle));
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            return false; // a file system without such rights, or times
        }

        return Libc.TryReplace(Name, created);
    }
}
