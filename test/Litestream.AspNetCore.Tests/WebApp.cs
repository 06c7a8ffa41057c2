using System.Diagnostics;
using Litestream.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.AspNetCore;

/// <summary>A web application on a real Kestrel, with a real database <c>app</c> and a replica that the test holds.</summary>
internal sealed class WebApp : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private WebApplication? _app;

    public WebApp()
    {
        ConnectionString = $"Data Source={DatabasePath};Default Timeout=60";
        Execute("PRAGMA journal_mode=wal");
        Execute("CREATE TABLE t(a)");
    }

    public HeldReplica Replica { get; } = new();

    public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

    public string DatabasePath => _folder.File("app.db");

    public string ConnectionString { get; }

    public HttpClient Client { get; private set; } = null!;

    public ILitestreamDatabase Database => _app!.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");

    public IEnumerable<string?> Events => Logs.GetSnapshot().Select(record => record.Id.Name);

    /// <summary>Starts it, with everything that is in the database already on the replica.</summary>
    public async Task StartAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.AllowSynchronousIO = true).UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IReplicaClientFactory>(Replica);
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "held://replica/app");
            options.ReleaseOnStop = true;
        });
        builder.Logging.AddFilter("Litestream", LogLevel.Debug).AddProvider(new FakeLoggerProvider(Logs));
        configure?.Invoke(builder);
        _app = builder.Build();
        map(_app);
        await _app.StartAsync();
        Client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()), Timeout = Patience };
        await Database.SyncAsync().WaitAsync(Patience);
    }

    /// <summary>Commits a row, with a connection of the pool, as a handler would.</summary>
    public void Insert() => Execute("INSERT INTO t VALUES(randomblob(100))");

    public long Count()
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        return (long)command.ExecuteScalar()!;
    }

    public void Execute(string sql)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        AppDatabase.Execute(connection, "PRAGMA busy_timeout=60000");
        AppDatabase.Execute(connection, sql);
    }

    public Task StopAsync() => _app!.StopAsync();

    /// <summary>Waits for something that another thread brings about.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        var started = Stopwatch.StartNew();
        while (!condition())
        {
            started.Elapsed.Should().BeLessThan(Patience);
            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Replica.Failure = null;
        Replica.Release();
        Client?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        SqliteConnection.ClearPool(new SqliteConnection(ConnectionString));
        _folder.Dispose();
    }
}
