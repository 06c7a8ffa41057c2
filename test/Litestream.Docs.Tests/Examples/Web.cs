using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Litestream.Docs.Examples;

public static class Web
{
    public static void Map(WebApplication app)
    {
        app.MapPost("/orders", async (Order order, AppDb db) =>
        {
            db.Add(order);
            await db.SaveChangesAsync();
            return Results.Created($"/orders/{order.Id}", order);
        }).RequireReplication();
    }

    public static void Probes(WebApplication app)
    {
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = _ => false });
    }

    public static void Use(WebApplication app)
    {
        app.RequireReplication(o =>
        {
            o.Timeout = TimeSpan.FromSeconds(5);
            o.IgnoreSafeMethods = true;          // GET, HEAD, OPTIONS and TRACE change nothing that anybody relies on
        });
    }

    public static void Page(WebApplication app)
    {
        app.MapLitestream("/litestream").RequireAuthorization("operators");

        app.MapLitestream("/litestream", o => o.RestoreAuthorizationPolicy = "database-owners").RequireAuthorization("operators");

        app.MapHealthChecks("/health").AllowDuringRestore();
    }

    public static void PageInPlace(WebApplication app)
    {
        var pause = new RequestPause();
        app.UseRequestPause(pause);                  // before whatever uses the database

        app.MapLitestream("/litestream", o =>
        {
            o.AllowRestoreInPlace = true;
            o.Pause = pause;
            o.CloseConnections = (database, cancellationToken) =>
            {
                SqliteConnection.ClearAllPools();    // those of EF Core too
                return Task.CompletedTask;
            };
        }).RequireAuthorization("operators");
    }

    public static async Task PausedAsync(ILitestreamDatabase backup, RequestPause pause, DateTimeOffset beforeTheMistake)
    {
        try
        {
            await backup.RestoreInPlaceAsync(new InPlaceRestoreOptions
            {
                Restore = new RestoreOptions { Timestamp = beforeTheMistake },
                CloseConnections = async cancellationToken =>
                {
                    await pause.PauseAsync(backup.Name, cancellationToken);
                    SqliteConnection.ClearAllPools();
                },
            });
        }
        finally
        {
            pause.Resume(backup.Name);               // also if it failed
        }
    }
}
