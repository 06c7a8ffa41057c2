using Microsoft.Win32.SafeHandles;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// A restored copy that waits for its download. Nobody else can open it, and nothing of it is left once this is disposed, nor
/// when the process dies: on Unix it has no name any more, on Windows it goes with its last handle.
/// </summary>
internal sealed class CopyFile : IDisposable
{
    private const string Prefix = "litestream-net-copy-";

    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private readonly SafeFileHandle _handle;
    private readonly string _folder;

    private CopyFile(SafeFileHandle handle, string folder)
    {
        _handle = handle;
        _folder = folder;
        Length = RandomAccess.GetLength(handle);
    }

    public long Length { get; }

    /// <summary>Makes a folder that is this user's alone; and removes those that a process which was killed has left.</summary>
    public static string CreateFolder(string? parent, DateTimeOffset now)
    {
        parent ??= Path.GetTempPath();
        Directory.CreateDirectory(parent);
        foreach (var old in Directory.EnumerateDirectories(parent, Prefix + "*").Where(folder => now - Directory.GetLastWriteTimeUtc(folder) > Abandoned).ToList())
        {
            Remove(old);
        }

        var path = Path.Combine(parent, Prefix + Guid.NewGuid().ToString("N"));
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    /// <summary>Takes over a restored file, which SQLite has closed.</summary>
    public static CopyFile Take(string path)
    {
        var handle = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None);
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(path);
        }

        return new CopyFile(handle, Path.GetDirectoryName(path)!);
    }

    /// <summary>Removes a folder and all that is in it, as far as that can be done.</summary>
    public static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or gone already.
        }
    }

    public ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken) =>
        RandomAccess.ReadAsync(_handle, buffer, offset, cancellationToken);

    public void Dispose()
    {
        _handle.Dispose();
        Remove(_folder);
    }
}
