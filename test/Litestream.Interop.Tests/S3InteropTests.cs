using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Interop;

/// <summary>All that holds for folders, over a real S3 server: replicate under load, resume, restore, and both programs on one replica.</summary>
[Trait("Category", "RealServer")]
public sealed class S3InteropTests
{
    [LitestreamOnS3Fact]
    public async Task The_real_program_restores_what_we_wrote_while_a_writer_runs_and_after()
    {
        await using var run = new S3Run("ours");
        await using var writer = await WriterProcess.StartAsync(run.Database, pauseMilliseconds: 1, autoCheckpoint: 100);
        using var host = await run.StartOursAsync();
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        await writer.WaitForCommitsAsync(300);
        var position = await database.WaitForReplicationAsync();
        position.IsEmpty.Should().BeFalse();

        await writer.StopAsync();
        await database.SyncAsync();
        await host.StopAsync();

        var restored = await run.BothRestoreAsync("end");
        (await SqliteShell.DumpHashAsync(restored)).Should().Be(await SqliteShell.DumpHashAsync(run.Database));
    }

    [LitestreamOnS3Fact]
    public async Task We_restore_what_the_real_program_wrote_under_load_and_go_on_beside_it()
    {
        await using var run = new S3Run("theirs");
        await using var writer = await WriterProcess.StartAsync(run.Database, pauseMilliseconds: 1, autoCheckpoint: 100);
        await using (var theirs = await run.StartTheirsAsync())
        {
            await writer.WaitForCommitsAsync(300);
            await RealLitestream.StopAtRestAsync(theirs);
        }

        await run.BothRestoreAsync("theirs");

        using var host = await run.StartOursAsync();
        await writer.WaitForCommitsAsync(100);
        await writer.StopAsync();
        await host.Services.GetRequiredService<ILitestream>().SyncAsync();
        await host.StopAsync();
        var restored = await run.BothRestoreAsync("both");
        (await SqliteShell.DumpHashAsync(restored)).Should().Be(await SqliteShell.DumpHashAsync(run.Database));
    }

    [LitestreamOnS3Fact]
    public async Task A_lost_database_comes_back_and_its_generation_goes_on_after_a_restart()
    {
        await using var run = new S3Run("resume");
        var workload = new Workload(run.Database, seed: 1);
        ReplicationPosition first;
        ReplicationPosition second;
        using (var connection = workload.Open())
        {
            first = await WorkAsync(run, workload, connection);
            second = await WorkAsync(run, workload, connection);
        }

        var expected = await SqliteShell.DumpHashAsync(run.Database);
        second.Generation.Should().Be(first.Generation);
        second.Covers(first).Should().BeTrue();
        var elsewhere = Path.Combine(run.Folder.Path, "elsewhere", "app.db");
        Directory.CreateDirectory(Path.GetDirectoryName(elsewhere)!);

        using var host = await run.StartOursAsync(elsewhere);
        await host.StopAsync();

        (await SqliteShell.DumpHashAsync(elsewhere)).Should().Be(expected);
    }

    [LitestreamOnS3Fact]
    public async Task A_moment_in_the_past_comes_back_to_the_commit()
    {
        await using var run = new S3Run("past");
        var workload = new Workload(run.Database, seed: 2);
        using var connection = workload.Open();
        using var host = await run.StartOursAsync();
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        workload.Step(connection);
        Workload.Execute(connection, "CREATE TABLE before (x)");
        await database.WaitForReplicationAsync();

        // Well below the one second of the store's own clock.
        await Task.Delay(150);
        var between = DateTimeOffset.UtcNow;
        await Task.Delay(150);
        Workload.Execute(connection, "CREATE TABLE after (x)");
        await database.WaitForReplicationAsync();
        await host.StopAsync();
        await using var client = run.CreateClient();
        var past = run.Folder.File("past.db");

        await client.RestoreAsync(new RestoreOptions { OutputPath = past, Timestamp = between });

        (await SqliteShell.QueryAsync(past, "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('before', 'after')")).Trim().Should().Be("before");
    }

    private static async Task<ReplicationPosition> WorkAsync(S3Run run, Workload workload, Microsoft.Data.Sqlite.SqliteConnection connection)
    {
        using var host = await run.StartOursAsync();
        var database = host.Services.GetRequiredService<ILitestream>().GetDatabase("app");
        for (var i = 0; i < 100; i++)
        {
            workload.Step(connection);
        }

        var position = await database.WaitForReplicationAsync();
        await host.StopAsync();
        return position;
    }
}
