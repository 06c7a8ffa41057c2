using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;

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
}
