using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>The harness itself: that the program is the one we mean, and that we read it right.</summary>
public sealed class RealLitestreamTests
{
    [LitestreamFact]
    public async Task Is_version_0_3_13()
    {
        var (exitCode, output) = await RealLitestream.RunAsync("version");

        exitCode.Should().Be(0);
        output.Trim().Should().Be("v0.3.13");
    }

    [LitestreamFact]
    public async Task Replicates_and_restores_what_a_writer_commits()
    {
        using var folder = new TempDirectory();
        var database = folder.File("app.db");
        var replica = folder.File("replica");
        await using var writer = await WriterProcess.StartAsync(database);

        await using (var litestream = await RealLitestream.ReplicateAsync(folder, database, replica))
        {
            await writer.WaitForCommitsAsync(300);
            await writer.StopAsync();
            await RealLitestream.StopAsync(litestream);
        }

        await RealLitestream.RestoreAsync(replica, folder.File("restored.db"));
        (await SqliteShell.IntegrityCheckAsync(folder.File("restored.db"))).Trim().Should().Be("ok");
        (await SqliteShell.DumpHashAsync(folder.File("restored.db"))).Should().Be(await SqliteShell.DumpHashAsync(database));
        (await RealLitestream.ListAsync("generations", replica)).Should().ContainSingle();
    }
}
