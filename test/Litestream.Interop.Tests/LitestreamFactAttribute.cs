using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>
/// A test that needs the real program and the sqlite3 command line. Without them it is skipped, and the reason printed;
/// under CI it runs all the same and fails, so that a missing program cannot hide.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LitestreamFactAttribute : FactAttribute
{
    public LitestreamFactAttribute() => Skip = Requirements.WhatIsMissing;
}

/// <summary>The same for a test with parameters.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LitestreamTheoryAttribute : TheoryAttribute
{
    public LitestreamTheoryAttribute() => Skip = Requirements.WhatIsMissing;
}

/// <summary>A test that needs a real S3 server as well.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LitestreamOnS3FactAttribute : FactAttribute
{
    public LitestreamOnS3FactAttribute() => Skip = Requirements.WhatIsMissing ?? S3.RealServer.WhatIsMissing;
}

internal static class Requirements
{
    public static string? WhatIsMissing { get; } =
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase) ? null
        : RealLitestream.Find() is null ? "the real litestream is not installed (npm ci in test/interop, or LITESTREAM_BIN)"
        : !SqliteShell.IsAvailable ? "the sqlite3 command line is not installed"
        : null;
}
