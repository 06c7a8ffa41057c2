namespace Litestream.Crash.Ordeals;

/// <summary>A test that kills an S3 server, and so needs one of its own.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class S3ServerFactAttribute : FactAttribute
{
    public S3ServerFactAttribute() => Skip = OperatingSystem.IsWindows() ? "the scripts that start a real S3 server need a Unix shell"
        : S3ServerProcess.Scripts is null ? "no scripts that start a real S3 server are named by S3_SERVER_SCRIPTS"
        : null;
}
