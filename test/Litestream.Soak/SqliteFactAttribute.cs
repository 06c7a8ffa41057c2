using Litestream.Testing;

namespace Litestream.Soak;

/// <summary>A test that needs the sqlite3 command line. Without it it is skipped; under CI it fails instead.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SqliteFactAttribute : FactAttribute
{
    public SqliteFactAttribute()
    {
        if (!SqliteShell.IsAvailable && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Skip = "the sqlite3 command line is not installed";
        }
    }
}
