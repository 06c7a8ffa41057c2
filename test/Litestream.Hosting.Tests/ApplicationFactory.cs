using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Hosting;

/// <summary>An application as its own tests start it, with its database in a folder of the test's.</summary>
internal sealed class ApplicationFactory(string folder, bool releaseOnStop = true) : WebApplicationFactory<ApplicationFactory>
{
    private readonly string _database = Path.Combine(folder, "app.db");

    public ILitestreamDatabase Database => Services.GetRequiredKeyedService<ILitestreamDatabase>("app");

    protected override IHostBuilder CreateHostBuilder() => new HostBuilder().ConfigureWebHostDefaults(web => web
        .UseContentRoot(folder)
        .ConfigureServices(services => services.AddRouting().AddLitestream(options =>
        {
            options.AddDatabase(_database, Path.Combine(folder, "backups"));
            options.ReleaseOnStop = releaseOnStop;
        }))
        .Configure(app => app.UseRouting().UseEndpoints(endpoints => endpoints.MapPost("/notes", AddAsync))));

    protected override IHost CreateHost(IHostBuilder builder)
    {
        builder.UseContentRoot(folder);
        Execute("PRAGMA journal_mode=wal; CREATE TABLE IF NOT EXISTS notes(text)");
        return base.CreateHost(builder);
    }

    private async Task AddAsync(HttpContext context)
    {
        Execute("INSERT INTO notes VALUES('a note')");
        await Database.WaitForReplicationAsync(context.RequestAborted);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_database}");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is the test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
