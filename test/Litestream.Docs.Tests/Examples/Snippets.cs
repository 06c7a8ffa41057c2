using Litestream.S3;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Docs.Examples;

/// <summary>The code blocks of the documentation, where the compiler sees them. Word for word: a test compares.</summary>
public static class Snippets
{
    public static async Task ProgramAsync(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddLitestream(o => o.AddDatabase("data/app.db", "backups/app"));
        builder.Services.AddDbContext<AppDb>(o => o.UseSqlite("Data Source=data/app.db"));

        var app = builder.Build();
        await app.RestoreLitestreamAsync();   // data/app.db is missing: it is restored. It is there: nothing happens

        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<AppDb>().Database.MigrateAsync();
        }

        await app.RunAsync();                 // the last changes are uploaded while it stops
    }

    public static async Task ConfigureAsync(WebApplicationBuilder builder)
    {
        // In code. The replica is a folder, or the URL of a store.
        builder.Services.AddLitestream(options => options.AddDatabase("data/app.db", "backups/app"));

        // From configuration.
        builder.Services.AddLitestream(builder.Configuration.GetSection("Litestream"));

        var app = builder.Build();
        await app.RestoreLitestreamAsync();
        // ... Migrate() ...
        await app.RunAsync();
    }

    public static void Bucket(WebApplicationBuilder builder)
    {
        builder.Services.AddLitestream(o => o.AddDatabase("data/app.db", "s3://my-bucket/app")).AddS3();
    }

    public static void FolderOrBucket(WebApplicationBuilder builder)
    {
        builder.Services.AddLitestream(o => o.AddDatabase("data/shop.db", builder.Configuration["Backup"] ?? "backups/shop")).AddS3();
    }

    public static void Services(WebApplicationBuilder builder)
    {
        builder.Services.AddSystemd();
        builder.Services.AddWindowsService();
    }

    public static void Health(WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddLitestream();
    }

    public static void Yaml(WebApplicationBuilder builder)
    {
        builder.Services.AddLitestreamYaml("/etc/litestream.yml").AddS3();
    }

    public static async Task ProbeAsync()
    {
        await using var client = new S3ReplicaClient("s3://my-bucket/app");
        ReplicaProbe probe = await client.ProbeAsync();
        Console.WriteLine(probe);
    }

    public static async Task<ReplicationPosition> WaitAsync(AppDb db, ILitestreamDatabase backup, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        ReplicationPosition position = await backup.WaitForReplicationAsync(cancellationToken);
        return position;
    }

    public static async Task<RestoreResult> RestoreAsync(DateTimeOffset yesterday)
    {
        await using var client = new FileReplicaClient("/backups/app");
        RestoreResult result = await client.RestoreAsync(new RestoreOptions { OutputPath = "copy.db", Timestamp = yesterday });
        return result;
    }

    public static async Task ListAsync(ILitestreamDatabase backup)
    {
        await foreach (BackupGeneration generation in backup.ListBackupsAsync())
        {
            foreach (BackupRange range in generation.Ranges)
            {
                Console.WriteLine($"{generation.Replica} {generation.Name}: {range.From:u} to {range.Until:u}");
            }
        }
    }

    public static async Task VerifyAsync(ILitestreamDatabase backup)
    {
        VerificationResult result = await backup.VerifyAsync();
        if (!result.Succeeded)
        {
            Console.WriteLine(result.Replicas.First(replica => !replica.Succeeded).Difference);
        }
    }

    public static async Task RestoreInPlaceAsync(
        ILitestreamDatabase backup, OrderDesk orders, DateTimeOffset beforeTheMistake, Func<CancellationToken, Task> closeConnections)
    {
        InPlaceRestoreResult result = await backup.RestoreInPlaceAsync(new InPlaceRestoreOptions
        {
            Restore = new RestoreOptions { Timestamp = beforeTheMistake },
            CloseConnections = async cancellationToken =>
            {
                await orders.PauseAsync(cancellationToken);   // whatever of yours uses the database
                SqliteConnection.ClearAllPools();
            },
        });
        orders.Resume();

        await backup.UndoRestoreAsync(result.PreviousPath!, closeConnections);
    }
}
