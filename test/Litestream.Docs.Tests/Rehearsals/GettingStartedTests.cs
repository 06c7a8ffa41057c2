using Litestream.Testing;
using Xunit.Abstractions;

namespace Litestream.Docs.Rehearsals;

/// <summary>docs/getting-started.md, as a reader does it: in an empty folder, with the packages of this build.</summary>
public sealed class GettingStartedTests(ITestOutputHelper output)
{
    private static readonly string[] Packages =
        ["Litestream.Abstractions", "Litestream.Core", "Litestream.S3", "Litestream.Yaml", "Litestream.Cli"];

    [RehearsalFact]
    public async Task Every_step_goes_as_it_says()
    {
        using var feed = new TempDirectory();
        await PackAsync(feed.Path);
        using var rehearsal = new Rehearsal(output);
        var steps = new RehearsedDocument("getting-started.md").All
            .TakeWhile(step => Bucket.IsAvailable || !Bucket.IsNamedIn(step.Text))
            .Select(step => step with { Text = step.Text.Replace("~/litestream-packages", feed.Path, StringComparison.Ordinal) })
            .ToList();

        // Packages are unpacked into a cache of their own: this version's, in the user's, would stay as it is now.
        await rehearsal.RunAsync(
            steps,
            ("NUGET_PACKAGES", feed.File("cache")),
            ("NUGET_FALLBACK_PACKAGES", Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? UserCache()),
            ("DOTNET_CLI_HOME", feed.File("home")),
            ("DOTNET_NOLOGO", "1"),
            ("DOTNET_SKIP_FIRST_TIME_EXPERIENCE", "1"),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
            ("MSBUILDDISABLENODEREUSE", "1"));
    }

    private static async Task PackAsync(string folder)
    {
        foreach (var package in Packages)
        {
            var (exitCode, output) = await ChildProcess.RunAsync(
                TimeSpan.FromMinutes(3), "dotnet", "pack", Repository.Combine("src", package), "--no-build", "-c", Configuration(), "-v", "q", "-o", folder);
            exitCode.Should().Be(0, output);
        }
    }

    private static string UserCache() =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Configuration() =>
        Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/', '\\')) is "release" ? "Release" : "Debug";
}
