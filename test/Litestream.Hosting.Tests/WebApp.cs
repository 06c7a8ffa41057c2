using Litestream.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.Hosting;

/// <summary>A web application with a database and a replica beside it, exporting what OpenTelemetry collects.</summary>
internal sealed class WebApp : IAsyncDisposable
{
    private readonly TempDirectory _folder = new();
    private AppDatabase? _database;

    public WebApp(Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.WebHost.UseTestServer();
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("app.db", "backups/app");
            options.ReleaseOnStop = true;
        });
        configure?.Invoke(builder);
        App = builder.Build();
        map?.Invoke(App);
    }

    public WebApplication App { get; }

    public ILitestreamDatabase Database => App.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");

    public string File(string name) => _folder.File(name);

    /// <summary>Creates the database, starts the application and replicates what there is.</summary>
    public async Task<AppDatabase> StartAsync()
    {
        _database = new AppDatabase(_folder);
        _database.Execute("CREATE TABLE t(a)");
        await App.StartAsync();
        await SyncAsync();
        return _database;
    }

    public Task<ReplicationPosition> SyncAsync() => Database.SyncAsync().WaitAsync(TimeSpan.FromMinutes(1));

    public async Task<string> GetAsync(string path)
    {
        using var client = App.GetTestClient();
        return await client.GetStringAsync(path);
    }

    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        _database?.Dispose();
        _folder.Dispose();
    }
}
