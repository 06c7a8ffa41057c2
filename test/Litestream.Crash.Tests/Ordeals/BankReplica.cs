using Litestream.S3;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>Where the bank replicates to, and the judgement of what is there.</summary>
internal sealed class BankReplica(string url, S3ReplicaOptions? s3 = null)
{
    public string Url => url;

    /// <summary>The same as the setting of an application, which takes its keys from the environment.</summary>
    public string Setting => s3 is null ? url : $"{url}?endpoint={s3.Endpoint}";

    /// <summary>A folder, or a place in the bucket of the real server.</summary>
    public static BankReplica Create(string store, TempDirectory folder) => store == "S3"
        ? new BankReplica(RealServer.NewUrl("ordeal"), RealServer.Options())
        : new BankReplica(folder.File("backups"));

    public IReplicaClient Open() => s3 is null ? new FileReplicaClient(url) : new S3ReplicaClient(url, s3);

    /// <summary>Restores elsewhere and proves the content.</summary>
    /// <param name="output">Where; must not be there, and is removed at the end.</param>
    /// <param name="position">Up to where; null for all there is.</param>
    /// <returns>The hash of each entry that is there.</returns>
    public async Task<IReadOnlyList<string>> RestoreAsync(string output, ReplicationPosition? position = null)
    {
        await using var client = Open();
        await client.RestoreAsync(new RestoreOptions { OutputPath = output, Position = position, IntegrityCheck = IntegrityCheck.Full });
        var chains = Ledger.Check(output);
        foreach (var suffix in new[] { "", "-wal", "-shm" })
        {
            File.Delete(output + suffix);
        }

        return chains;
    }

    /// <summary>Everything that was acknowledged is there: at the newest position or at one before, and at the end of all.</summary>
    public async Task HoldsAsync(TempDirectory folder, IReadOnlyCollection<BankAcknowledgement> acknowledged, Random random)
    {
        if (acknowledged.Count == 0)
        {
            return;
        }

        var positions = acknowledged.Select(one => one.Position).Distinct().OrderBy(one => one.Index).ThenBy(one => one.Offset).ToList();
        var position = random.Next(2) == 0 ? positions[^1] : positions[random.Next(positions.Count)];
        Shows(await RestoreAsync(folder.File("at.db"), position), acknowledged.Where(one => position.Covers(one.Position)));
        Shows(await RestoreAsync(folder.File("end.db")), acknowledged);
    }

    public static void Shows(IReadOnlyList<string> chains, IEnumerable<BankAcknowledgement> acknowledged)
    {
        foreach (var one in acknowledged)
        {
            chains.Count.Should().BeGreaterThanOrEqualTo((int)one.Id, "entry {0} was acknowledged at {1}", one.Id, one.Position);
            chains[(int)one.Id - 1].Should().Be(one.Chain, "of entry {0}, acknowledged at {1}", one.Id, one.Position);
        }
    }

    public ValueTask CleanAsync() => s3 is null ? ValueTask.CompletedTask : new ValueTask(RealServer.CleanAsync(url));
}
