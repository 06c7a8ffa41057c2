using Litestream.Crash.Durability;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>kill -9 of a restore: under the name there is nothing, or all of it, and what it leaves is cleaned up.</summary>
public sealed class KilledRestoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Target => _directory.File("target/bank.db");

    private IEnumerable<string> Temporary => Directory.Exists(_directory.File("target"))
        ? Directory.EnumerateFiles(_directory.File("target"), "bank.db.tmp-*").Where(file => Path.GetExtension(file) is not (".lock" or ".frames"))
        : [];

    public void Dispose() => _directory.Dispose();

    [StraceFact]
    public async Task Killed_while_it_writes_a_restore_leaves_nothing_under_the_name_and_the_next_one_succeeds()
    {
        var (position, chains, whole) = await ReplicateAsync();

        await RestoreAndKillAsync("pwrite64,pwritev", "delay_enter=600s:when=5+", () => Temporary.Any(file => new FileInfo(file).Length > 0));

        File.Exists(Target).Should().BeFalse();
        (await File.ReadAllBytesAsync(Temporary.Single())).Should().NotEqual(whole, "it was killed in the middle");
        await NextAttemptSucceedsAsync(position, chains);
    }

    [StraceFact]
    public async Task Killed_before_it_gives_the_name_a_restore_leaves_nothing_under_it_and_the_next_one_succeeds()
    {
        var (position, chains, whole) = await ReplicateAsync();

        await RestoreAndKillAsync(
            "?renameat2,?link,?linkat", "delay_enter=600s", () => Temporary.FirstOrDefault() is { } file && File.ReadAllBytes(file).AsSpan().SequenceEqual(whole));

        File.Exists(Target).Should().BeFalse();
        await NextAttemptSucceedsAsync(position, chains);
    }

    [StraceFact]
    public async Task Killed_after_it_gave_the_name_a_restore_leaves_the_whole_database_and_no_other_name_of_it()
    {
        var (_, chains, whole) = await ReplicateAsync();

        await RestoreAndKillAsync("?renameat2,?link,?linkat", "delay_exit=600s", () => File.Exists(Target));

        (await File.ReadAllBytesAsync(Target)).Should().Equal(whole);
        Temporary.Should().BeEmpty("a second name of the live database would keep its space for ever");
        await using (var client = new FileReplicaClient(_directory.File("replica")))
        {
            await client.Awaiting(it => it.RestoreAsync(new RestoreOptions { OutputPath = Target })).Should().ThrowAsync<IOException>();
        }

        Directory.EnumerateFileSystemEntries(_directory.File("target")).Should().Equal([Target], "what was left is gone");

        // The application that finds its database there.
        await using var app = await BankApp.StartAsync(Target, [_directory.File("replica")]);
        await app.CommitAsync();
        await app.SyncAsync();
        await app.StopAsync();
        Ledger.Check(Target).Take(chains.Count).Should().Equal(chains);
    }

    private async Task NextAttemptSucceedsAsync(ReplicationPosition position, IReadOnlyList<string> chains)
    {
        await using var client = new FileReplicaClient(_directory.File("replica"));
        var result = await client.RestoreAsync(new RestoreOptions { OutputPath = Target, IntegrityCheck = IntegrityCheck.Full });
        result.Position.Should().Be(position);
        Directory.EnumerateFileSystemEntries(_directory.File("target")).Should().Equal([Target], "what was left is gone");
        Ledger.Check(Target).Should().Equal(chains);
    }

    /// <returns>What is on the replica, and the bytes that a restore gives.</returns>
    private async Task<(ReplicationPosition Position, IReadOnlyList<string> Chains, byte[] Whole)> ReplicateAsync()
    {
        await using var app = new ReplicatedApp(_directory);
        ReplicationPosition position;
        using (var database = new AppDatabase(_directory))
        {
            Ledger.Create(database.Connection);
            await app.StartAsync();
            for (var i = 0; i < 300; i++)
            {
                Ledger.Append(database.Connection, $"{i} ".PadRight(2000, 'x'));
                if (i % 100 == 0)
                {
                    await app.SyncAsync();
                }
            }

            position = await app.SyncAsync();
            await app.StopAsync();
        }

        await using var client = new FileReplicaClient(app.ReplicaPath);
        await client.RestoreAsync(new RestoreOptions { OutputPath = _directory.File("whole.db") });
        return (position, Ledger.Check(app.DatabasePath), await File.ReadAllBytesAsync(_directory.File("whole.db")));
    }

    private async Task RestoreAndKillAsync(string calls, string action, Func<bool> reached)
    {
        string[] command =
            [.. TracedProcess.Behind(calls, action), .. ChildProcess.AppCommand("Litestream.TestApp", "restore", _directory.File("replica"), Target)];
        await using var process = ChildProcess.Start(command[0], command[1..]);
        await TracedProcess.UntilAsync(reached, () => process.Output, "the restore should get there");
        await TracedProcess.KillAsync(process);
    }
}
