using Microsoft.EntityFrameworkCore;
using Tenants;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Warning);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

// The catalogue of the tenants is replicated as any database is. The tenants' own databases come and go: TenantDatabases.
builder.Services.AddLitestream(o => o.AddDatabase("data/catalog.db", (builder.Configuration["Backup"] ?? "backups") + "/catalog")).AddS3();
builder.Services.AddDbContext<CatalogDb>(o => o.UseSqlite("Data Source=data/catalog.db").UseLitestream());
builder.Services.AddSingleton<TenantDatabases>();
builder.Services.AddHealthChecks().AddLitestream();

var app = builder.Build();

// Where data/ is gone, this brings back the catalogue.
await app.RestoreLitestreamAsync();

Directory.CreateDirectory("data");
await using (var scope = app.Services.CreateAsyncScope())
{
    var catalog = scope.ServiceProvider.GetRequiredService<CatalogDb>();
    await catalog.Database.EnsureCreatedAsync();

    // What is on this disk may hold commits that were not uploaded when the last process ended. What is not on it is
    // restored when somebody asks for it.
    var tenants = app.Services.GetRequiredService<TenantDatabases>();
    foreach (var tenant in await catalog.Tenants.AsNoTracking().ToListAsync())
    {
        if (tenants.HasFile(tenant.Id))
        {
            await tenants.EnsureReplicatedAsync(tenant.Id, CancellationToken.None);
        }
    }
}

app.MapHealthChecks("/health");

app.MapGet("/tenants", (CatalogDb catalog, CancellationToken cancellationToken) =>
    catalog.Tenants.AsNoTracking().OrderBy(tenant => tenant.Id).ToListAsync(cancellationToken));

// A tenant is confirmed when both the catalogue and the tenant's own database are in the backup.
app.MapPost("/tenants", async (NewTenant request, CatalogDb catalog, TenantDatabases tenants, CancellationToken cancellationToken) =>
{
    if (!TenantDatabases.IsId(request.Id))
    {
        return Results.BadRequest("The id of a tenant has up to 40 lower-case letters and digits.");
    }

    if (await catalog.Tenants.FindAsync([request.Id], cancellationToken) is not null)
    {
        return Results.Conflict($"There is a tenant '{request.Id}'.");
    }

    // Restores what the backup holds, if there was a tenant of this name before.
    await using (var db = await tenants.OpenAsync(request.Id!, cancellationToken))
    {
        await db.Database.EnsureCreatedAsync(cancellationToken);
        await db.Database.GetLitestreamDatabase().WaitForReplicationAsync(cancellationToken);
    }

    catalog.Tenants.Add(new Tenant { Id = request.Id!, CreatedAt = DateTimeOffset.UtcNow });
    await catalog.SaveChangesDurablyAsync(cancellationToken);
    return Results.Created($"/tenants/{request.Id}/notes", request);
});

app.MapDelete("/tenants/{id}", async (string id, CatalogDb catalog, TenantDatabases tenants, CancellationToken cancellationToken) =>
{
    if (await catalog.Tenants.FindAsync([id], cancellationToken) is not { } tenant)
    {
        return Results.NotFound();
    }

    // First nobody finds it any more, then it goes.
    catalog.Tenants.Remove(tenant);
    await catalog.SaveChangesDurablyAsync(cancellationToken);
    await tenants.RemoveAsync(id, cancellationToken);
    return Results.NoContent();
});

// By itself, and only for a tenant who was removed; the id has to be said twice.
app.MapDelete("/tenants/{id}/backup", async (string id, string? confirm, CatalogDb catalog, TenantDatabases tenants, CancellationToken cancellationToken) =>
{
    if (!TenantDatabases.IsId(id) || confirm != id)
    {
        return Results.BadRequest($"This deletes the backup for good. Say so: ?confirm={id}");
    }

    return await catalog.Tenants.FindAsync([id], cancellationToken) is not null
        ? Results.Conflict($"Remove the tenant '{id}' first.")
        : Results.Ok(await tenants.DeleteBackupAsync(id, cancellationToken));
});

var notes = app.MapGroup("/tenants/{id}/notes").AddEndpointFilter(async (context, next) =>
    await context.HttpContext.RequestServices.GetRequiredService<CatalogDb>().Tenants.FindAsync(context.GetArgument<string>(0)) is null
        ? Results.NotFound()
        : await next(context));

notes.MapGet("", async (string id, TenantDatabases tenants, CancellationToken cancellationToken) =>
{
    await using var db = await tenants.OpenAsync(id, cancellationToken);
    return await db.Notes.AsNoTracking().OrderBy(note => note.Id).ToListAsync(cancellationToken);
});

// A note is confirmed when it is in the backup.
notes.MapPost("", async (string id, NewNote request, TenantDatabases tenants, CancellationToken cancellationToken) =>
{
    if (string.IsNullOrWhiteSpace(request.Text))
    {
        return Results.BadRequest("A note has a text.");
    }

    await using var db = await tenants.OpenAsync(id, cancellationToken);
    var note = new Note { Text = request.Text };
    db.Notes.Add(note);
    await db.SaveChangesDurablyAsync(cancellationToken);
    return Results.Created($"/tenants/{id}/notes/{note.Id}", note);
});

await app.RunAsync();
