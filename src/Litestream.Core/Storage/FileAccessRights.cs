using Microsoft.Win32.SafeHandles;

namespace Litestream.Storage;

/// <summary>
/// The access rights of what a folder replica creates: those of the database for files and of its folder for folders, as
/// Litestream does it; without a database, for the owner alone.
/// </summary>
internal sealed class FileAccessRights(string? databasePath)
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private readonly string? _databaseFolder = Path.GetDirectoryName(databasePath);

    /// <summary>For a file, to be given when it is created.</summary>
    public UnixFileMode FileMode => ModeOf(databasePath) ?? OwnerFile;

    /// <summary>For a folder, to be given when it is created.</summary>
    public UnixFileMode FolderMode => ModeOf(_databaseFolder) ?? OwnerFolder;

    /// <summary>Lets nobody but its owner read or write a new file that is still empty.</summary>
    public static void ForOwnerAlone(SafeFileHandle file)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, OwnerFile);
        }
    }

    /// <summary>Gives a new file the owner of the database, as far as this process may.</summary>
    public void TakeOwnerForFile(string created) => TakeOwner(databasePath, created);

    /// <summary>Gives a new folder the owner of the database's folder, as far as this process may.</summary>
    public void TakeOwnerForFolder(string created) => TakeOwner(_databaseFolder, created);

    // Only asks for the attributes: opening and closing a database file drops SQLite's locks on it.
    private static UnixFileMode? ModeOf(string? path)
    {
        if (path is null || OperatingSystem.IsWindows())
        {
            return null;
        }

        try
        {
            return File.GetUnixFileMode(path) & Permissions;
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            // The database is not there yet.
            return null;
        }
    }

    private static void TakeOwner(string? from, string to)
    {
        if (from is not null && !OperatingSystem.IsWindows())
        {
            Libc.TryCopyOwner(from, to);
        }
    }
}
