using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

/// <summary>The one call that deletes a backup.</summary>
public sealed class DeleteBackupTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly IHost _host;
    private readonly ILitestream _litestream;

    public DeleteBackupTests()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Services.AddLitestream(options => options.ReleaseOnStop = true);
        _host = builder.Build();
        _litestream = _host.Services.GetRequiredService<ILitestream>();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Everything_that_was_written_goes_and_nothing_else()
    {
        using var app = await WithBackupAsync("acme");
        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
        await File.WriteAllTextAsync(_folder.File("backups/acme/notes.txt"), "mine");
        Directory.CreateDirectory(_folder.File("backups/acme/generations/something"));
        await File.WriteAllTextAsync(_folder.File("backups/acme/generations/something/else"), "mine too");

        var deleted = await _litestream.DeleteBackupAsync("acme", Options("acme"));

        deleted.Objects.Should().BePositive();
        deleted.Bytes.Should().BePositive();
        Directory.EnumerateFiles(_folder.File("backups/acme"), "*", SearchOption.AllDirectories).Select(Path.GetFileName).Should().BeEquivalentTo("notes.txt", "else");
        app.Scalar("SELECT count(*) FROM t").Should().Be(3);
        (await _litestream.DeleteBackupAsync("acme", Options("acme"))).Should().Be(new BackupDeletion(0, 0));
    }

    [Fact]
    public async Task A_database_that_is_added_again_afterwards_is_replicated_from_its_beginning()
    {
        using var app = await WithBackupAsync("acme");
        await _litestream.RemoveDatabaseAsync("acme").WaitAsync(Patience);
        await _litestream.DeleteBackupAsync("acme", Options("acme"));

        var again = await _litestream.AddDatabaseAsync("acme", Options("acme"));
        await again.SyncAsync().WaitAsync(Patience);

        await again.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });
        (await SqliteShell.CountAsync(_folder.File("copy.db"), "t")).Should().Be(3);
    }

    [Fact]
    public async Task It_is_refused_while_the_database_is_there()
    {
        using var app = await WithBackupAsync("acme");

        await _litestream.Invoking(l => l.DeleteBackupAsync("acme", Options("acme"))).Should().ThrowAsync<InvalidOperationException>().WithMessage("*'acme' is replicated to it; remove that first*");
        await _litestream.Invoking(l => l.DeleteBackupAsync("ACME", Options("acme"))).Should().ThrowAsync<InvalidOperationException>();

        await StillRestorableAsync();
    }

    [Theory]
    [InlineData("backups/acme")]
    [InlineData("backups/acme/")]
    [InlineData("backups")]
    public async Task It_is_refused_while_another_database_is_replicated_there(string url)
    {
        using var app = await WithBackupAsync("acme");
        var options = Options("other");
        options.Replicas["file"].Url = url;

        await _litestream.Invoking(l => l.DeleteBackupAsync("other", options)).Should().ThrowAsync<InvalidOperationException>().WithMessage("*same place as Litestream:Databases:acme*");

        await StillRestorableAsync();
    }

    [Fact]
    public async Task Options_that_are_wrong_delete_nothing()
    {
        await _host.StartAsync();

        await _litestream.Invoking(l => l.DeleteBackupAsync("acme", new DatabaseOptions { Path = "x.db" })).Should().ThrowAsync<InvalidOperationException>().WithMessage("*Replicas*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Broken_off_at_any_call_it_leaves_the_newest_backup_or_none(bool lastFirst)
    {
        var (store, newest) = await WithTwoGenerationsAsync();
        var objects = store.Objects;
        for (var calls = 0; ; calls++)
        {
            var copy = await CopyAsync(store);
            var erasure = new Replication.ReplicaErasure(new BreakingClient(copy, calls) { LastFirst = lastFirst }, "acme", "mem", TimeProvider.System);
            try
            {
                (await erasure.RunAsync(CancellationToken.None)).Objects.Should().Be(objects.Count);
                break;
            }
            catch (ReplicaException)
            {
                await NewestOrNothingAsync(copy, newest);
                (await new Replication.ReplicaErasure(copy, "acme", "mem", TimeProvider.System).RunAsync(CancellationToken.None)).Objects.Should().Be(objects.Count - calls);
            }
        }
    }

    [Fact]
    public async Task What_comes_back_while_it_is_deleted_is_an_error()
    {
        var (store, _) = await WithTwoGenerationsAsync();
        var first = store.Objects[0].Key;
        var stubborn = new BreakingClient(store, int.MaxValue) { Keeps = first };

        await new Replication.ReplicaErasure(stubborn, "acme", "mem", TimeProvider.System).Invoking(e => e.RunAsync(CancellationToken.None))
            .Should().ThrowAsync<ReplicaException>().WithMessage($"1 objects are still on replica 'mem'*{first}*");
    }

    private async Task NewestOrNothingAsync(MemoryReplicaClient store, ReplicationPosition newest)
    {
        var path = _folder.File($"{Guid.NewGuid():N}.db");
        try
        {
            (await store.RestoreAsync(new RestoreOptions { OutputPath = path })).Position.Should().Be(newest);
        }
        catch (BackupNotFoundException)
        {
            File.Exists(path).Should().BeFalse();
        }
    }

    /// <summary>A store with an older generation and the newest, each with a snapshot and some WAL.</summary>
    private async Task<(MemoryReplicaClient Store, ReplicationPosition Newest)> WithTwoGenerationsAsync()
    {
        var store = new MemoryReplicaClient();
        ReplicationPosition newest = default;
        await using var app = new ReplicatedApp(_folder) { ReplicaOptions = { SyncInterval = TimeSpan.FromHours(1) } };
        app.Others.Add(("mem", store));
        using var database = new AppDatabase(_folder);
        database.Execute("CREATE TABLE t(a)");
        for (var generation = 0; generation < 2; generation++)
        {
            await app.StartAsync();
            for (var i = 0; i < 3; i++)
            {
                database.Insert(20);
                newest = await app.SyncAsync();
            }

            await app.StopAsync();
            database.Insert(1);
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        store.Objects.Select(one => ReplicaLayout.GenerationOf(one.Key)).Distinct().Should().HaveCountGreaterThanOrEqualTo(2);
        return (store, newest);
    }

    private static async Task<MemoryReplicaClient> CopyAsync(MemoryReplicaClient store)
    {
        var copy = new MemoryReplicaClient();
        foreach (var one in store.Objects)
        {
            await copy.WriteAsync(one.Key, new MemoryStream(store[one.Key]));
            copy.SetCreatedAt(one.Key, one.CreatedAt);
        }

        return copy;
    }

    private async Task StillRestorableAsync()
    {
        await _litestream.GetDatabase("acme").RestoreAsync(new RestoreOptions { OutputPath = _folder.File("copy.db") });
        (await SqliteShell.CountAsync(_folder.File("copy.db"), "t")).Should().Be(3);
    }

    private async Task<AppDatabase> WithBackupAsync(string name)
    {
        await _host.StartAsync();
        var database = await _litestream.AddDatabaseAsync(name, Options(name));
        var app = new AppDatabase(_folder, $"{name}.db");
        app.Execute("CREATE TABLE t(a)");
        app.Insert(3);
        await database.SyncAsync().WaitAsync(Patience);
        return app;
    }

    private static DatabaseOptions Options(string name)
    {
        var options = new DatabaseOptions { Path = $"{name}.db" };
        options.Replicas.Add("file", new ReplicaOptions { Url = $"backups/{name}" });
        return options;
    }

    /// <summary>Deletes one by one, as some stores do, and breaks after so many.</summary>
    private sealed class BreakingClient(MemoryReplicaClient store, int deletions) : IReplicaClient
    {
        private int _deletions;

        public string? Keeps { get; init; }

        /// <summary>S3 promises no order among the keys of one request.</summary>
        public bool LastFirst { get; init; }

        public Uri Location => store.Location;

        public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken ct = default) => store.ListAsync(prefix, ct);

        public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken ct = default) => store.ListPrefixesAsync(prefix, ct);

        public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken ct = default) =>
            store.OpenReadAsync(key, offset, length, ct);

        public Task<ReplicaObject> WriteAsync(string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken ct = default) =>
            store.WriteAsync(key, seekableContent, mode, ct);

        public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken ct = default)
        {
            foreach (var key in (LastFirst ? keys.Reverse() : keys).Where(key => key != Keeps))
            {
                if (_deletions++ == deletions)
                {
                    throw new ReplicaException("The process died.");
                }

                await store.DeleteAsync([key], ct);
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
