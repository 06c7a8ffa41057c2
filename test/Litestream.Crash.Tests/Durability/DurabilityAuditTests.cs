using Litestream.Testing;

namespace Litestream.Crash.Durability;

/// <summary>
/// The order of writes, syncs and names, watched from outside the process: before anything is said to be safe, a power cut
/// could not take it back.
/// </summary>
public sealed class DurabilityAuditTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [StraceFact]
    public async Task What_is_acknowledged_is_on_the_disk_with_all_its_names()
    {
        using var folder = new TempDirectory();
        var replica = folder.File("replica");

        var audit = await ReplicateAsync(folder, rounds: 6);

        var answers = audit.Saying("synced ");
        answers.Should().HaveCount(6);
        audit.Names(replica, answers[^1]).Keys.Should().Contain(name => name.EndsWith(".snapshot.lz4")).And.Contain(name => name.EndsWith(".wal.lz4"));
        answers.SelectMany(answer => audit.AtRisk(replica, answer)).Should().BeEmpty();
    }

    [StraceFact]
    public async Task The_state_never_speaks_of_what_a_power_cut_could_take_back()
    {
        using var folder = new TempDirectory();
        var meta = folder.File(".app.db-litestream-net");

        var audit = await ReplicateAsync(folder, rounds: 6);

        var states = audit.Calls.Where(call => call.Source is not null && call.Named == meta + "/state").ToList();
        var end = audit.Calls[^1] with { Start = int.MaxValue };
        audit.AtRisk(meta + "/state", end).Should().BeEmpty();
        var reliedOn = new HashSet<string>();
        foreach (var state in states)
        {
            // An index gets its file only after the state has named it, so that these are the ones before; at the end all.
            var relied = audit.Names(meta, state).Keys.Where(name => name.EndsWith(".wal", StringComparison.Ordinal)).ToList();
            var risks = audit.AtRisk(meta, state);
            relied.Where(file => !audit.IsSynced(file, state)).Should().BeEmpty();
            risks.Should().NotContain(risk => relied.Any(file => risk.StartsWith(file + ":", StringComparison.Ordinal)));
            reliedOn.UnionWith(relied);
        }

        reliedOn.Should().HaveCountGreaterThan(2, "the WAL has restarted");
        audit.AtRisk(meta, states[^1]).Where(risk => risk.Contains("/generations", StringComparison.Ordinal)).Should().BeEmpty();
    }

    [StraceFact]
    public async Task A_start_makes_durable_what_was_still_to_be_synced_when_the_one_before_was_killed()
    {
        using var folder = new TempDirectory();
        var replica = folder.File("replica");
        await using (var killed = await ReplicatorProcess.StartAsync(folder.File("app.db"), replica))
        {
            await killed.InsertAsync();
            await killed.SyncAsync();
            await killed.InsertAsync();
            await killed.SyncAsync();
            await killed.KillAsync();
        }

        var audit = await ReplicateAsync(folder, rounds: 1, insert: false);

        // It says that all is there without having written anything: so it has to have synced what it found.
        var answer = audit.Saying("synced ").Should().ContainSingle().Subject;
        audit.Names(replica, answer).Should().BeEmpty();
        var generation = Directory.GetDirectories(Path.Combine(replica, "generations")).Should().ContainSingle().Subject;
        string[] folders = [folder.Path, replica, Path.Combine(replica, "generations"), generation, Path.Combine(generation, "snapshots"), Path.Combine(generation, "wal")];
        folders.Where(one => !audit.Synced(one, 0, answer.Start)).Should().BeEmpty();
    }

    [StraceFact]
    public async Task A_restored_database_is_on_the_disk_before_anybody_hears_of_it()
    {
        using var folder = new TempDirectory();
        await using (var replicator = await ReplicatorProcess.StartAsync(folder.File("app.db"), folder.File("replica")))
        {
            await replicator.InsertAsync();
            await replicator.SyncAsync();
            await replicator.StopAsync();
        }

        var target = folder.File("new/folder/restored.db");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await File.WriteAllTextAsync(target + "-wal", "left over");
        await using var trace = SystemCallTrace.Start(folder.File("trace"), bytes: 64, "restore", folder.File("replica"), target);
        (await trace.Process.WaitForExitAsync(Timeout)).Should().Be(0, trace.Process.Output);
        var audit = new DurabilityAudit(await trace.ReadAsync());

        var answer = audit.Saying("restored ").Should().ContainSingle().Subject;
        var name = audit.Names(target, answer).Should().ContainSingle().Subject.Value;
        audit.AtRisk(target, answer).Should().BeEmpty();
        var stale = audit.Calls.Single(call => call.Removed == target + "-wal");
        audit.Synced(Path.GetDirectoryName(target)!, stale.End, name.Start)
            .Should().BeTrue("a WAL of another database that comes back beside the new file would be replayed into it");
    }

    private static async Task<DurabilityAudit> ReplicateAsync(TempDirectory folder, int rounds, bool insert = true)
    {
        await using var trace = SystemCallTrace.Start(
            folder.File("trace"), bytes: 64, "replicate", folder.File("app.db"), folder.File("replica"), "--checkpoint-interval", "10", "--min-checkpoint-pages", "1");
        await trace.Process.WaitForLineAsync(line => line == "replicating", Timeout);
        for (var i = 0; i < rounds; i++)
        {
            if (insert)
            {
                trace.Process.WriteLine("insert");
                await trace.Process.WaitForLineAsync(line => line == "inserted", Timeout);
            }

            trace.Process.WriteLine("sync");
            await trace.Process.WaitForLineAsync(line => line.StartsWith("synced ", StringComparison.Ordinal), Timeout);
        }

        trace.Process.CloseInput();
        (await trace.Process.WaitForExitAsync(Timeout)).Should().Be(0, trace.Process.Output);
        return new DurabilityAudit(await trace.ReadAsync());
    }
}
