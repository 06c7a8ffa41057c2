using System.Runtime.Versioning;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>Somebody takes the rights to a folder away and gives them back. Root is a user like others here.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PermissionTests : IDisposable
{
    private const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // Without these, permissions count for root as well.
    private static readonly string[] LikeAnyUser = Environment.IsPrivilegedProcess
        ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search"]
        : [];

    private readonly TempDirectory _directory = new();

    private string Database => _directory.File("bank.db");

    public void Dispose() => _directory.Dispose();

    [LinuxFact]
    public Task To_the_replica() => LoseAsync(_directory.File("backups"), status => status.ReplicaState == "Faulted" && status.State == "Replicating");

    [LinuxFact]
    public Task To_the_meta_directory() => LoseAsync(_directory.File(".bank.db-litestream-net"), status => status.State == "Faulted");

    private async Task LoseAsync(string folder, Func<BankStatus, bool> noticed)
    {
        var replica = new BankReplica(_directory.File("backups"));
        await using var app = BankApp.Begin(LikeAnyUser, Database, [replica.Setting]);
        await app.ReadyAsync();
        await app.CommitAsync(20);
        await app.SyncAsync();

        var folders = Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Append(folder).ToList();
        folders.ForEach(one => File.SetUnixFileMode(one, UnixFileMode.None));
        await app.CommitAsync(500);
        var status = await app.UntilAsync(noticed, "it may not write there");
        status.Health.Should().Be("Unhealthy");
        (status.LastError + status.ReplicaError).Should().Match(error => error.Contains("permission") || error.Contains("denied"), "a person has to act");
        await app.CommitAsync();

        folders.ForEach(one => File.SetUnixFileMode(one, All));
        var position = await app.SyncAsync();
        await app.UntilAsync(one => one.SaysAllIsWell && one.Position == one.ReplicaPosition, "it may write again");
        await app.StopAsync();
        (await replica.RestoreAsync(_directory.File("copy.db"), position)).Should().Equal(Ledger.Check(Database));
    }
}
