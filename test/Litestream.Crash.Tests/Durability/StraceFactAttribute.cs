using Litestream.Testing;

namespace Litestream.Crash.Durability;

/// <summary>
/// A test that watches system calls. Skipped where strace is not installed (under CI it then runs and fails), and where the
/// kernel lets nobody be traced, as in some containers.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StraceFactAttribute : FactAttribute
{
    /// <summary>Why no such test can run here; null if it can.</summary>
    public static readonly string? Missing = FindWhatIsMissing();

    public StraceFactAttribute() => Skip = Missing;

    private static string? FindWhatIsMissing()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "strace is a program of Linux";
        }

        var installed = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "strace")));
        if (!installed)
        {
            var required = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
            return required ? null : "strace is not installed";
        }

        var (exitCode, output) = ChildProcess.RunAsync(TimeSpan.FromSeconds(30), "strace", "-f", "-o", "/dev/null", "true").GetAwaiter().GetResult();
        return exitCode == 0 ? null : $"this machine allows no tracing: {output.ReplaceLineEndings(" ")}";
    }
}
