using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>A test with a disk of its own; skipped where this process may not mount one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class MountFactAttribute : FactAttribute
{
    private static readonly string? Missing = FindWhatIsMissing();

    public MountFactAttribute() => Skip = Missing;

    private static string? FindWhatIsMissing()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "only root on Linux can mount a small disk";
        }

        using var folder = new TempDirectory();
        var timeout = TimeSpan.FromSeconds(30);
        var (exitCode, output) = ChildProcess.RunAsync(timeout, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path).GetAwaiter().GetResult();
        if (exitCode != 0)
        {
            return $"this machine lets nobody mount a disk: {output.ReplaceLineEndings(" ")}";
        }

        ChildProcess.RunAsync(timeout, "umount", folder.Path).GetAwaiter().GetResult();
        return null;
    }
}
