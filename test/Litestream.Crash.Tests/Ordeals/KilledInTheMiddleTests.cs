using System.Globalization;
using Litestream.Crash.Durability;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>
/// kill -9 while something is under way that takes several steps: one of its system calls is held up, and the process never
/// gets to the next one.
/// </summary>
public sealed class KilledInTheMiddleTests : IDisposable
{
    private static readonly string[] QuickIndexes = ["--min-checkpoint-pages", "10", "--checkpoint-interval", "50"];

    private readonly TempDirectory _directory = new();

    private string Database => _directory.File("bank.db");

    private BankReplica Replica => new(_directory.File("backups"));

    public void Dispose() => _directory.Dispose();

    [StraceFact]
    public async Task Killed_during_the_upload_of_a_snapshot_nothing_is_missing_and_the_next_one_goes_up()
    {
        await SnapshotsAsync(count: 1);
        var inFlight = new UploadInFlight(Replica.Url);
        var folder = Path.GetDirectoryName(Objects().Single(IsSnapshot))!;
        var names = Enumerable.Range(1, 99).Select(index => Path.Combine(folder, $"{index:x8}.snapshot.lz4"));
        BankAcknowledgement acknowledged;
        await using (var app = BankApp.Begin(
            TracedProcess.Behind("?renameat2,?link,?linkat", "delay_enter=600s", [.. names]), Database, [Replica.Setting], QuickIndexes))
        {
            await app.ReadyAsync();
            acknowledged = await AcknowledgeAsync(app);
            app.Tell("snapshot");
            await TracedProcess.UntilAsync(
                () => inFlight.Find() is { } file && file.Contains("/snapshots/", StringComparison.Ordinal), () => app.Output, "a snapshot should go up");
            await TracedProcess.KillAsync(app.Id, app.KillAsync);
        }

        inFlight.Find().Should().Contain("/snapshots/", "it was killed in the middle");
        BankReplica.Shows(await Replica.RestoreAsync(_directory.File("copy.db"), acknowledged.Position), [acknowledged]);
        await GoesOnAsync(acknowledged, generation: acknowledged.Position.Generation);
    }

    [StraceFact]
    public async Task Killed_during_retention_nothing_is_missing_and_the_next_one_finishes_it()
    {
        await SnapshotsAsync(count: 4);
        foreach (var file in Objects())
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        }

        var old = Objects();
        var (oldest, newest) = (old.Where(IsSnapshot).Order(StringComparer.Ordinal).First(), old.Where(IsSnapshot).Order(StringComparer.Ordinal).Last());
        string[] options = [.. QuickIndexes, "--retention", "1000", "--retention-check", "100"];
        BankAcknowledgement acknowledged;
        await using (var app = BankApp.Begin(TracedProcess.Behind("?unlink,?unlinkat", "delay_exit=600s", oldest), Database, [Replica.Setting], options))
        {
            await app.ReadyAsync();
            acknowledged = await AcknowledgeAsync(app);
            await TracedProcess.UntilAsync(() => !File.Exists(oldest), () => app.Output, "what is old should be deleted");
            await TracedProcess.KillAsync(app.Id, app.KillAsync);
        }

        Objects().Should().Contain(old.Where(file => !IsSnapshot(file)), "it was killed in the middle: snapshots go first");
        BankReplica.Shows(await Replica.RestoreAsync(_directory.File("copy.db"), acknowledged.Position), [acknowledged]);

        await using (var app = await BankApp.StartAsync(Database, [Replica.Setting], options))
        {
            await app.CommitAsync();
            await app.SyncAsync();
            await TracedProcess.UntilAsync(
                () => !old.Any(file => File.Exists(file) && IndexOf(file) < IndexOf(newest)), () => app.Output, "the rest should be deleted");
            await app.StopAsync();
        }

        File.Exists(newest).Should().BeTrue();
        await GoesOnAsync(acknowledged, acknowledged.Position.Generation);
    }

    [StraceFact]
    public async Task Killed_during_a_checkpoint_nothing_is_missing_and_the_generation_goes_on()
    {
        await SnapshotsAsync(count: 1);
        var before = await File.ReadAllBytesAsync(Database);
        var walBefore = new FileInfo(Database + "-wal").Length;
        BankAcknowledgement acknowledged;

        // The second page of the first checkpoint: strace counts each thread's calls, and a later checkpoint may hold the write lock.
        await using (var app = BankApp.Begin(
            TracedProcess.Behind("pwrite64", "delay_enter=600s:when=2+", Database), Database, [Replica.Setting], ["--min-checkpoint-pages", "200", "--checkpoint-interval", "60000"]))
        {
            await app.ReadyAsync();
            acknowledged = await AcknowledgeAsync(app);
            app.Tell("commit 100");
            await TracedProcess.UntilAsync(
                () => !File.ReadAllBytes(Database).AsSpan().SequenceEqual(before), () => app.Output, "pages should be written back");

            // The application does not wait for it.
            await app.CommitAsync();
            await TracedProcess.KillAsync(app.Id, app.KillAsync);
        }

        new FileInfo(Database + "-wal").Length.Should().BeGreaterThan(walBefore, "it was killed in the middle");
        BankReplica.Shows(await Replica.RestoreAsync(_directory.File("copy.db"), acknowledged.Position), [acknowledged]);
        await GoesOnAsync(acknowledged, acknowledged.Position.Generation);
    }

    private static bool IsSnapshot(string file) => file.Contains("/snapshots/", StringComparison.Ordinal);

    private static int IndexOf(string file) =>
        int.Parse(Path.GetFileName(file)[..8], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static async Task<BankAcknowledgement> AcknowledgeAsync(BankApp app)
    {
        var entry = await app.CommitAsync();
        return new BankAcknowledgement(entry.Id, entry.Chain, await app.SyncAsync());
    }

    /// <summary>A life in order, with so many snapshots in as many indexes.</summary>
    private async Task SnapshotsAsync(int count)
    {
        await using var app = await BankApp.StartAsync(Database, [Replica.Setting], QuickIndexes);
        await app.CommitAsync(20);
        await app.SyncAsync();
        while (Objects().Count(IsSnapshot) < count)
        {
            await app.CommitAsync(20);
            await app.AskAsync("snapshot", "snapshot");
        }

        await app.CommitAsync(20);
        await app.StopAsync();
    }

    /// <summary>The next start: what was acknowledged is there, and what it commits is replicated.</summary>
    private async Task GoesOnAsync(BankAcknowledgement acknowledged, string generation)
    {
        await using var app = await BankApp.StartAsync(Database, [Replica.Setting], QuickIndexes);
        await app.CommitAsync();
        var position = await app.SyncAsync();
        position.Generation.Should().Be(generation);
        var snapshots = Objects().Count(IsSnapshot);
        while (Objects().Count(IsSnapshot) == snapshots)
        {
            await app.CommitAsync(10);
            await app.AskAsync("snapshot", "snapshot");
        }

        position = await app.SyncAsync();
        await app.StopAsync();
        var local = Ledger.Check(Database);
        BankReplica.Shows(local, [acknowledged]);
        (await Replica.RestoreAsync(_directory.File("last.db"), position)).Should().Equal(local);
    }

    private List<string> Objects() => Directory.Exists(Replica.Url)
        ? [.. Directory.EnumerateFiles(Replica.Url, "*.lz4", SearchOption.AllDirectories)]
        : [];
}
