using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Litestream.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.StatusPage;

/// <summary>A web application on a real Kestrel with EF Core and the page; the replica is a folder that the test can take away.</summary>
internal sealed class StatusApp : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private WebApplication? _app;

    public StatusApp(string name = "notes") => Name = name;

    public string Name { get; }

    public TempDirectory Folder { get; } = new();

    public TestReplica Replica { get; private set; } = null!;

    public RequestPause Pause { get; init; } = new();

    public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

    public string DatabasePath => Folder.File($"{Name}.db");

    public string CopyFolder => Folder.File("copies");

    public WebApplication App => _app!;

    public ILitestreamDatabase Database => App.Services.GetRequiredService<ILitestream>().GetDatabase(Name);

    public string Address => App.Urls.Single();

    public HttpClient Client { get; private set; } = null!;

    public WebApplication Build(
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null,
        Action<LitestreamPageOptions>? page = null,
        int others = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = Folder.Path });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.AddProvider(new FakeLoggerProvider(Logs));
        builder.Services.AddRoutingCore();
        builder.Services.AddDbContextPool<NotesDb>(options => options.UseSqlite($"Data Source={DatabasePath};Default Timeout=60"));
        Replica = new TestReplica(Folder.File("replica"));
        builder.Services.AddSingleton<IReplicaClientFactory>(Replica);
        builder.Services.AddLitestream(options =>
        {
            options.AddDatabase(Name, database =>
            {
                database.Path = $"{Name}.db";
                database.Replicas["primary"] = new ReplicaOptions { Url = $"held://user:c4n4ry@store/{Name}?key=c4n4ry", SyncInterval = TimeSpan.FromMilliseconds(50) };
            });
            for (var i = 1; i <= others; i++)
            {
                options.AddDatabase($"tenants/{i:000}.db", $"tenant-replicas/{i:000}");
            }

            options.ReleaseOnStop = true;
        });
        services?.Invoke(builder.Services);
        _app = builder.Build();
        _app.UseRequestPause(Pause);
        (map ?? (app => app.MapLitestream("/litestream", options =>
        {
            options.AllowDownload = true;
            options.CopyDirectory = CopyFolder;
            page?.Invoke(options);
        }).AllowAnonymous()))(_app);
        MapNotes(_app);
        return _app;
    }

    public async Task<StatusApp> StartAsync(
        Action<WebApplication>? map = null,
        Action<IServiceCollection>? services = null,
        Action<LitestreamPageOptions>? page = null,
        int others = 0)
    {
        Build(map, services, page, others);
        await App.RestoreLitestreamAsync();
        await UseAsync(db => db.Database.EnsureCreatedAsync());
        await App.StartAsync();
        Client = NewClient();
        await Database.SyncAsync().WaitAsync(Patience);
        return this;
    }

    /// <summary>With the page's own header, as the page sends it.</summary>
    public HttpClient NewClient(string? user = null)
    {
        var client = new HttpClient { BaseAddress = new Uri(Address), Timeout = Patience };
        client.DefaultRequestHeaders.Add("Litestream-Page", "1");
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add("X-User", user);
        }

        return client;
    }

    public static void InPlace(LitestreamPageOptions options, RequestPause pause)
    {
        options.AllowRestoreInPlace = true;
        options.Pause = pause;
        options.CloseConnections = (_, _) =>
        {
            SqliteConnection.ClearAllPools();
            return Task.CompletedTask;
        };
    }

    public async Task AddAsync(params string[] texts)
    {
        foreach (var text in texts)
        {
            (await Client.PostAsJsonAsync("/notes", text)).StatusCode.Should().Be(HttpStatusCode.Created);
        }
    }

    public async Task<string[]> NotesAsync() => (await Client.GetFromJsonAsync<string[]>("/notes"))!;

    /// <summary>Lets time go by, so that moments between commits can be chosen, with everything uploaded.</summary>
    public async Task<DateTimeOffset> MomentAsync()
    {
        await Database.SyncAsync().WaitAsync(Patience);
        await Task.Delay(30);
        var moment = DateTimeOffset.UtcNow;
        await Task.Delay(30);
        return moment;
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Client.GetStringAsync($"/litestream/{path}"))!;

    public Task<HttpResponseMessage> BeginAsync(string what, object request) => Client.PostAsJsonAsync($"/litestream/{what}", request);

    /// <summary>Begins something and waits until it is over.</summary>
    public async Task<JsonNode> RunAsync(string what, object request)
    {
        var begun = await BeginAsync(what, request);
        begun.StatusCode.Should().Be(HttpStatusCode.Accepted, await begun.Content.ReadAsStringAsync());
        return await EndAsync((string)JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["id"]!);
    }

    public async Task<JsonNode> EndAsync(string id)
    {
        JsonNode job = null!;
        await UntilAsync(async () => (string?)(job = await GetAsync($"jobs/{id}"))["state"] != "running");
        return job;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var started = Stopwatch.StartNew();
        while (!await condition())
        {
            started.Elapsed.Should().BeLessThan(Patience);
            await Task.Delay(20);
        }
    }

    public static async Task<string[]> TextsOfAsync(string path)
    {
        await using var db = new NotesDb(new DbContextOptionsBuilder<NotesDb>().UseSqlite($"Data Source={path};Pooling=False").Options);
        return await db.Notes.OrderBy(note => note.Id).Select(note => note.Text).ToArrayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (Replica is not null)
        {
            Replica.Failure = null;
            Replica.LetRead();
        }

        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        SqliteConnection.ClearPool(new SqliteConnection($"Data Source={DatabasePath};Default Timeout=60"));
        Folder.Dispose();
    }

    public static void AddUsers(IServiceCollection services) => services
        .AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("test", _ => { }).Services
        .AddAuthorizationBuilder()
        .AddPolicy("viewers", policy => policy.RequireRole("viewer", "operator"))
        .AddPolicy("operators", policy => policy.RequireRole("operator"));

    private static void MapNotes(IEndpointRouteBuilder app)
    {
        app.MapGet("/notes", async context =>
        {
            var db = context.RequestServices.GetRequiredService<NotesDb>();
            await context.Response.WriteAsJsonAsync(await db.Notes.OrderBy(note => note.Id).Select(note => note.Text).ToArrayAsync());
        }).AllowAnonymous();
        app.MapPost("/notes", async context =>
        {
            var db = context.RequestServices.GetRequiredService<NotesDb>();
            db.Notes.Add(new Note { Text = (await context.Request.ReadFromJsonAsync<string>())! });
            await db.SaveChangesAsync();
            context.Response.StatusCode = StatusCodes.Status201Created;
        }).AllowAnonymous();
    }

    private async Task UseAsync(Func<NotesDb, Task> action)
    {
        await using var scope = App.Services.CreateAsyncScope();
        await action(scope.ServiceProvider.GetRequiredService<NotesDb>());
    }
}
