using Litestream.Restore;
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

    [LitestreamTheory]
    [InlineData("a_basic_4096")]
    [InlineData("c_two_generations")]
    [InlineData("e_spilled")]
    public async Task Restores_the_golden_replicas_as_recorded(string set)
    {
        using var golden = new GoldenReplica(set);
        using var folder = new TempDirectory();
        var outputs = 0;
        foreach (var restore in golden.Expected.GetProperty("restores").EnumerateArray())
        {
            var output = folder.File($"{outputs++}.db");
            var arguments = restore.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()!).ToArray();

            var (exitCode, text) = await RealLitestream.TryRestoreAsync(golden.Path, output, arguments);

            exitCode.Should().Be(restore.GetProperty("exit").GetInt32(), "{0} {1}: {2}", set, restore.GetProperty("label"), text);
            if (exitCode == 0)
            {
                (await BothRestores.HashAsync(output)).Should().Be(restore.GetProperty("file_sha256").GetString());
            }
        }
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
