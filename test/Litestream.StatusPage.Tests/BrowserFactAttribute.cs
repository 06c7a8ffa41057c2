namespace Litestream.StatusPage;

/// <summary>A test that drives Chromium. Without one it is skipped, and the reason printed; under CI it runs all the same and fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = Missing;

    private static string? Missing { get; } =
        Browser.Find() is not null || string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase)
            ? null
            : "Chromium is not installed";
}
