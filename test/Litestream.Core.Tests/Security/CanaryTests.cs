using System.Text;
using Litestream.Testing;

namespace Litestream.Security;

/// <summary>What an application stores is nobody's business: nothing of it is in a log at any level, an exception, or the status.</summary>
public sealed class CanaryTests
{
    private const string Canary = "c4n4ry-in-a-row";

    [Fact]
    public async Task No_content_of_the_database_is_told_to_anybody()
    {
        using var folder = new TempDirectory();
        using var database = new AppDatabase(folder);
        database.Execute("CREATE TABLE t(a)");
        var texts = new List<string>();
        await using var app = new ReplicatedApp(folder);
        await app.StartAsync();
        database.Execute($"INSERT INTO t VALUES('{Canary}')");
        database.Execute($"CREATE TABLE \"{Canary}\"(a)");
        texts.Add((await app.SyncAsync()).ToString());
        texts.Add(app.Status.ToString());
        texts.Add((await app.RestoreAsync(folder.File("restored.db"))).ToString());

        // Every object in turn is broken; what a restore then says, and what the next start does.
        foreach (var file in Directory.EnumerateFiles(app.ReplicaPath, "*.lz4", SearchOption.AllDirectories).ToList())
        {
            var content = await File.ReadAllBytesAsync(file);
            foreach (var broken in new[] { content[..(content.Length / 2)], [.. content.Reverse()], [.. Encoding.ASCII.GetBytes(Canary), .. content] })
            {
                await File.WriteAllBytesAsync(file, broken);
                var failure = await app.Invoking(one => one.RestoreAsync(folder.File("never.db"))).Should().ThrowAsync<ReplicaException>();
                texts.Add(failure.Which.ToString());
            }

            await File.WriteAllBytesAsync(file, content);
        }

        await app.StopAsync();
        Directory.Delete(app.ReplicaPath, recursive: true);
        await File.WriteAllTextAsync(app.ReplicaPath, Canary);
        await app.StartAsync();
        texts.Add((await app.Invoking(one => one.SyncAsync()).Should().ThrowAsync<LitestreamException>()).Which.ToString());
        texts.Add(app.Status.ToString());

        texts.AddRange(app.Logs.GetSnapshot().Select(record =>
            $"{record.Message} {string.Join(' ', record.StructuredState!.Select(pair => pair.Value))} {record.Exception}"));
        texts.Should().HaveCountGreaterThan(15);
        texts.Should().NotContain(text => text.Contains(Canary, StringComparison.Ordinal));
    }
}
