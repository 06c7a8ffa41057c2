using System.Globalization;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>A disk of a few megabytes of its own, which a test can fill.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _mountPoint = new();

    private SmallDisk()
    {
    }

    public string Path => _mountPoint.Path;

    private string Filler => _mountPoint.File("filler");

    /// <param name="megabytes">More than what snapshots leave free of a disk in any case, if any shall be made there.</param>
    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var disk = new SmallDisk();
        var (exitCode, output) = await ChildProcess.RunAsync(
            Timeout, "mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "tmpfs", disk.Path);
        exitCode.Should().Be(0, output);
        return disk;
    }

    /// <summary>Writes until not a byte more goes.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        foreach (var size in new[] { 1 << 20, 1 << 12 })
        {
            try
            {
                for (var block = new byte[size]; ;)
                {
                    file.Write(block);
                }
            }
            catch (IOException)
            {
                // Full, for blocks of this size.
            }
        }
    }

    /// <summary>Makes all the room again.</summary>
    public void Free() => File.Delete(Filler);

    public async ValueTask DisposeAsync()
    {
        // Lazily: whatever is still open goes with its process.
        await ChildProcess.RunAsync(Timeout, "umount", "-l", Path);
        _mountPoint.Dispose();
    }
}
