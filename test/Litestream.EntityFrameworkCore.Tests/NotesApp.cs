using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.EntityFrameworkCore;

/// <summary>A real host with a real engine and an EF Core context; the replica is a folder.</summary>
internal sealed class NotesApp : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private IHost? _host;

    public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

    public string DatabasePath => _folder.File("notes.db");

    public string ReplicaPath => _folder.File("replica");

    public IHost Host => _host!;

    public ILitestreamDatabase Database => Host.Services.GetRequiredKeyedService<ILitestreamDatabase>("notes");

    public IReadOnlyList<FakeLogRecord> Logged(string eventName) => [.. Logs.GetSnapshot().Where(record => record.Id.Name == eventName)];

    public NotesApp Build(Action<LitestreamSqliteOptions>? configure = null, Action<LitestreamOptions>? litestream = null, bool use = true)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { ContentRootPath = _folder.Path });
        builder.Logging.AddProvider(new FakeLoggerProvider(Logs));
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("notes.db", "replica");
            options.ReleaseOnStop = true;
            litestream?.Invoke(options);
        });
        builder.Services.AddDbContext<NotesDb>(options =>
        {
            options.UseSqlite($"Data Source={DatabasePath}");
            if (use)
            {
                options.UseLitestream(configure ?? (_ => { }));
            }
        });
        _host = builder.Build();
        return this;
    }

    public async Task<NotesApp> StartAsync()
    {
        await Host.RestoreLitestreamAsync();
        await UseAsync(db => db.Database.MigrateAsync());
        await Host.StartAsync();
        await Database.SyncAsync().WaitAsync(Patience);
        return this;
    }

    /// <summary>Does something with a context of its own.</summary>
    public async Task UseAsync(Func<NotesDb, Task> action)
    {
        await using var scope = Host.Services.CreateAsyncScope();
        await action(scope.ServiceProvider.GetRequiredService<NotesDb>()).WaitAsync(Patience);
    }

    public async Task<T> UseAsync<T>(Func<NotesDb, Task<T>> action)
    {
        T result = default!;
        await UseAsync(async db => { result = await action(db); });
        return result;
    }

    public static async Task<long> PragmaAsync(NotesDb db, string name)
    {
        await db.Database.OpenConnectionAsync();
        await using var command = db.Database.GetDbConnection().CreateCommand();
#pragma warning disable CA2100 // A name of the test's own.
        command.CommandText = $"PRAGMA {name}";
#pragma warning restore CA2100
        var value = (long)(await command.ExecuteScalarAsync())!;
        await db.Database.CloseConnectionAsync();
        return value;
    }

    /// <summary>What the replica is restored to.</summary>
    public async Task<IReadOnlyList<string>> RestoredAsync(ReplicationPosition? position = null)
    {
        var copy = _folder.File($"copy-{Guid.NewGuid():N}.db");
        await using var client = new FileReplicaClient(ReplicaPath);
        await client.RestoreAsync(new RestoreOptions { OutputPath = copy, Position = position });
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>().UseSqlite($"Data Source={copy};Pooling=False").Options);
        return await db.Notes.OrderBy(note => note.Id).Select(note => note.Text).ToListAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }

        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={DatabasePath}"));
        _folder.Dispose();
    }
}
