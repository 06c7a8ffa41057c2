using System.Globalization;
using System.Runtime.InteropServices;
using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Sqlite;

/// <summary>Applications that bring another SQLite than the bundled one, each in a process of its own.</summary>
public sealed class OtherSqliteTests : IDisposable
{
    private const string App = "Litestream.OtherSqlite";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_application_that_excludes_the_bundle_and_sets_no_provider_is_told_so()
    {
        await using var app = ChildProcess.StartApp(App, "no-provider");

        (await app.WaitForExitAsync(Timeout)).Should().Be(1);
        app.Output.Should().StartWith("refused: No SQLite provider is set").And.Contain("SetProvider");
    }

    [Fact]
    public async Task A_system_library_without_the_WAL_reset_fix_is_refused_at_start()
    {
        // Which version a machine has is its own affair; that the verdict fits the version is ours.
        await using var app = ChildProcess.StartApp(App, "probe", _directory.File("app.db"));
        var exitCode = await app.WaitForExitAsync(Timeout);
        if (!app.Output.StartsWith("version ", StringComparison.Ordinal))
        {
            app.Output.Should().Contain("sqlite3", "only a machine without such a library may skip this");
            return;
        }

        var lines = app.Output.Split('\n');
        var version = int.Parse(lines[0]["version ".Length..], CultureInfo.InvariantCulture);
        if (SqliteLibrary.HasWalResetFix(version))
        {
            exitCode.Should().Be(0, app.Output);
        }
        else
        {
            exitCode.Should().Be(1);
            var name = $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}";
            lines[1].Should().StartWith($"refused: The SQLite in use is {name} (provider 'sqlite3')")
                .And.Contain("3.51.3").And.Contain("bundle_e_sqlite3");
            File.Exists(_directory.File("app.db")).Should().BeFalse("nothing was opened");
        }
    }

    [FrameworkDependentFact]
    public async Task A_library_of_another_name_that_is_new_enough_is_used_as_it_is()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // The native library of the bundle, as if the system's package manager had brought it.
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var built = Repository.Combine("artifacts", "bin", App, configuration);
        foreach (var file in Directory.GetFiles(built))
        {
            File.Copy(file, _directory.File(Path.GetFileName(file)));
        }

        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-" + architecture, "native", "libe_sqlite3.so"),
            _directory.File("libsqlite3.so"));

        var (exitCode, output) = await ChildProcess.RunAsync(
            Timeout, "dotnet", "exec", _directory.File(App + ".dll"), "probe", _directory.File("app.db"));

        exitCode.Should().Be(0, output);
        output.Should().EndWith("ok sqlite3 frames 3 snapshot True wal True");
    }
}
