using System.Globalization;
using Litestream;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Notes;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Warning);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

// The whole set-up: from here on every commit to data/notes.db is copied to the folder backups/notes, or to where the
// setting Backup says, such as s3://my-bucket/notes with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.
builder.Services.AddLitestream(o => o.AddDatabase("data/notes.db", builder.Configuration["Backup"] ?? "backups/notes")).AddS3();
builder.Services.AddDbContext<NotesDb>(o => o.UseSqlite("Data Source=data/notes.db"));

var app = builder.Build();

// Where data/ is gone, this brings it back. It comes before anything opens the database.
await app.RestoreLitestreamAsync();

Directory.CreateDirectory("data");
await using (var scope = app.Services.CreateAsyncScope())
{
    await scope.ServiceProvider.GetRequiredService<NotesDb>().Database.EnsureCreatedAsync();
}

// While the notes are restored in place, whoever asks for them gets a 503 with Retry-After. It stands before what uses the database.
var pause = new RequestPause();
app.UseRequestPause(pause);

// How the backup stands, and the way back in time. Here while developing, and only under the names of this machine, so that no
// other site gets at it through the browser. Where there are users, one of their roles: .RequireAuthorization("operators").
if (app.Environment.IsDevelopment())
{
    app.MapLitestream("/litestream", o =>
    {
        o.AllowDownload = true;
        o.AllowRestoreInPlace = true;
        o.ShowPaths = true;
        o.Pause = pause;
        o.CloseConnections = (_, _) =>
        {
            SqliteConnection.ClearAllPools();
            return Task.CompletedTask;
        };
    }).RequireHost("localhost", "127.0.0.1").AllowAnonymous();
}

// The page: a form and the notes, newest first.
app.MapGet("/", async (NotesDb db, [FromKeyedServices("notes")] ILitestreamDatabase backup, CancellationToken cancellationToken) =>
{
    var count = await db.Notes.CountAsync(cancellationToken);
    var newest = await db.Notes.AsNoTracking().OrderByDescending(note => note.Id).Take(100).ToListAsync(cancellationToken);
    return Results.Content(Page.Render(newest, count, backup.GetStatus()), "text/html; charset=utf-8");
});

app.MapPost("/", async (HttpRequest request, NotesDb db, CancellationToken cancellationToken) =>
{
    var form = await request.ReadFormAsync(cancellationToken);
    if (NewNote(form["text"]) is { } note)
    {
        db.Notes.Add(note);
        await db.SaveChangesAsync(cancellationToken);
    }

    // Back to the page by GET, so that reloading it does not add the note again.
    request.HttpContext.Response.Headers.Location = "/";
    return Results.StatusCode(StatusCodes.Status303SeeOther);
});

// The same for programs. With ?durable=true the answer comes when the note is in the backup, with the position that holds it.
app.MapGet("/notes", (NotesDb db, CancellationToken cancellationToken) =>
    db.Notes.AsNoTracking().OrderBy(note => note.Id).ToListAsync(cancellationToken));

app.MapPost("/notes", async (
    NewNoteRequest request,
    bool? durable,
    NotesDb db,
    [FromKeyedServices("notes")] ILitestreamDatabase backup,
    CancellationToken cancellationToken) =>
{
    if (NewNote(request.Text) is not { } note)
    {
        return Results.BadRequest(string.Create(
            CultureInfo.InvariantCulture, $"A note has between 1 and {Note.MaxLength} characters."));
    }

    db.Notes.Add(note);
    await db.SaveChangesAsync(cancellationToken);
    var position = durable is true ? await backup.WaitForReplicationAsync(cancellationToken) : default;
    return Results.Created($"/notes/{note.Id}", new { note.Id, Position = position });
});

await app.RunAsync();

static Note? NewNote(string? text) =>
    text?.Trim() is { Length: > 0 and <= Note.MaxLength } trimmed
        ? new Note { Text = trimmed, CreatedAt = DateTimeOffset.UtcNow }
        : null;
