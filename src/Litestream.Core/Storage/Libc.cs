using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Storage;

/// <summary>What .NET lacks of the C library of Unix systems. Nothing here is called on Windows.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class Libc
{
    private const int ENOENT = 2;
    private const int EINTR = 4;
    private const int EINVAL = 22;
    private const int EEXIST = 17;
    private const int EPERM = 1;
    private const int EXDEV = 18;
    private const int EMLINK = 31;
    private const int ENOSYS = 38;
    private const int ENOTSUPLinux = 95;
    private const int ENOTSUPMac = 45;
    private const int ENOSYSMac = 78;

    private const int AtFdCwd = -100;
    private const uint RenameNoReplace = 1;
    private const uint StatxOwner = 0x8 | 0x10;
    private const uint StatxInode = 0x100;

    /// <summary>Makes names in a folder durable: what was created, renamed or removed in it.</summary>
    /// <exception cref="IOException">It could not be synced. What was done to the folder may not last.</exception>
    public static void SyncDirectory(string path)
    {
        // O_RDONLY | O_CLOEXEC; the latter's value differs.
        using var folder = Open(path, OperatingSystem.IsLinux() ? 0x80000 : OperatingSystem.IsMacOS() ? 0x1000000 : 0, 0);
        var error = folder.IsInvalid ? Marshal.GetLastPInvokeError() : Retry(() => Fsync(folder));

        // File systems that know no sync of folders say so with one of these.
        if (error == ENOENT)
        {
            throw new DirectoryNotFoundException($"The folder '{path}' is not there.");
        }

        if (error is not (0 or EINVAL or ENOTSUPLinux or ENOTSUPMac))
        {
            throw new IOException($"The folder '{path}' could not be synced: {Marshal.GetPInvokeErrorMessage(error)}.", error);
        }
    }

    /// <summary>Gives a file another name in one step, unless that name is taken.</summary>
    /// <returns>False if the name is taken; null if the system or the file system knows no such step.</returns>
    public static bool? TryMove(string existing, string created)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            var error = Retry(() => RenameAt(AtFdCwd, existing, AtFdCwd, created, RenameNoReplace));
            return error switch
            {
                0 => true,
                EEXIST => false,
                EINVAL or ENOSYS or EPERM or ENOTSUPLinux => null,
                _ => throw new IOException($"'{created}' could not be created: {Marshal.GetPInvokeErrorMessage(error)}.", error),
            };
        }
        catch (EntryPointNotFoundException)
        {
            return null; // a C library that does not know it
        }
    }

    /// <summary>Gives a file a second name, unless that name is taken.</summary>
    /// <returns>False if the name is taken; null if the file system has no links.</returns>
    public static bool? TryLink(string existing, string created)
    {
        var error = Retry(() => Link(existing, created));
        return error switch
        {
            0 => true,
            EEXIST => false,
            EPERM or EXDEV or EMLINK or ENOSYS or ENOSYSMac or ENOTSUPLinux or ENOTSUPMac => null,
            _ => throw new IOException($"'{created}' could not be created: {Marshal.GetPInvokeErrorMessage(error)}.", error),
        };
    }

    /// <summary>Gives a file another name in one step, in place of the file that has it.</summary>
    /// <returns>False if it could not be done, because the name lies on another file system for one.</returns>
    public static bool TryReplace(string existing, string replaced) => Retry(() => Rename(existing, replaced)) == 0;

    /// <summary>Gives a file or folder the owner and group of another, as far as this process may.</summary>
    public static void TryCopyOwner(string from, string to)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            // struct statx is the same on every architecture: the owner at byte 20, the group at byte 24.
            Span<byte> stat = stackalloc byte[256];
            if (Statx(AtFdCwd, from, 0, StatxOwner, stat) == 0)
            {
                _ = Chown(to, MemoryMarshal.Read<uint>(stat[20..]), MemoryMarshal.Read<uint>(stat[24..]));
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A C library older than statx.
        }
    }

    /// <summary>True if two names are known to be those of one file; false where that cannot be found out.</summary>
    public static bool IsSameFile(string one, string other)
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        try
        {
            // The inode at byte 32, the device at byte 136.
            Span<byte> first = stackalloc byte[256];
            Span<byte> second = stackalloc byte[256];
            return Statx(AtFdCwd, one, 0, StatxInode, first) == 0
                && Statx(AtFdCwd, other, 0, StatxInode, second) == 0
                && first.Slice(32, sizeof(ulong)).SequenceEqual(second.Slice(32, sizeof(ulong)))
                && first.Slice(136, sizeof(ulong)).SequenceEqual(second.Slice(136, sizeof(ulong)));
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static int Retry(Func<int> call)
    {
        while (call() != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != EINTR)
            {
                return error;
            }
        }

        return 0;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string created);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string existing, string created);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int existingFolder, string existing, int createdFolder, string created, uint flags);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> result);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint owner, uint group);
}
