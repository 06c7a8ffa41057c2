using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Litestream.Docs.Examples;

public static class EfCore
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.Services.AddDbContext<AppDb>(o => o.UseSqlite("Data Source=data/app.db").UseLitestream());
    }

    public static async Task SaveAsync(AppDb db, CancellationToken cancellationToken)
    {
        await db.SaveChangesDurablyAsync(cancellationToken);                // returns once the change is on every replica
        await db.Database.MigrateWithRestorePointsAsync(cancellationToken); // a way back from every migration
    }

    public static async Task<ReplicationPosition> CommitAsync(AppDb db, Order order, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Add(order);
        await db.SaveChangesAsync(cancellationToken);
        ReplicationPosition position = await db.Database.CommitTransactionDurablyAsync(cancellationToken);
        return position;
    }

    public static async Task MigrateAsync(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        await app.RestoreLitestreamAsync();
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<AppDb>().Database.MigrateWithRestorePointsAsync();
        }
    }

    public static async Task<ReplicationPosition> PlainAsync(ILitestreamDatabase backup, CancellationToken cancellationToken)
    {
        await using var connection = new SqliteConnection("Data Source=data/app.db").UseLitestream(backup);
        await connection.OpenAsync(cancellationToken);
        await using var transaction = connection.BeginTransaction();
        // ... commands ...
        ReplicationPosition position = await transaction.CommitDurablyAsync(backup, cancellationToken);
        return position;
    }
}
