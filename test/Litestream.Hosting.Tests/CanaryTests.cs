using System.Collections.Concurrent;
using System.Diagnostics;
using Litestream.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>
/// An application with every package, whose store says back all that it is told: neither a key nor a row is in any log down
/// to Trace, any span, exception, status, health report, option or answer.
/// </summary>
public sealed class CanaryTests : IAsyncDisposable
{
    private const string Secret = "c4n4ry-of-the-key";
    private const string Row = "c4n4ry-of-a-row";
    private const string Canary = "c4n4ry";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TempDirectory _folder = new();
    private readonly ConcurrentQueue<string> _texts = new();
    private readonly ConcurrentQueue<string> _heard = new();
    private readonly ActivityListener _listener;

    public CanaryTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("Litestream", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => _texts.Enqueue($"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Events.Select(one => string.Join(' ', one.Tags)))}"),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    [Fact]
    public async Task Nothing_secret_is_told_by_any_package_at_any_level()
    {
        await using var store = await StartStoreAsync();
        var at = store.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await File.WriteAllTextAsync(_folder.File("litestream.yml"), $"""
            access-key-id: key
            secret-access-key: {Secret}
            dbs:
              - path: {_folder.File("app.db")}
                replicas:
                  - type: s3
                    bucket: bucket
                    path: app
                    region: us-east-1
                    endpoint: {at}
                    sync-interval: 50ms
            """);
        await using (var refused = Build(RestorePolicy.IfMissing))
        {
            await FailAsync(() => refused.StartAsync());
        }

        await using var app = Build(RestorePolicy.Never);
        await app.StartAsync();
        using var client = app.GetTestClient();
        foreach (var path in new[] { "/save", "/save-durably", "/health" })
        {
            using var answer = await client.GetAsync(path).WaitAsync(Patience);
            _texts.Enqueue($"{answer.StatusCode} {answer.Headers} {await answer.Content.ReadAsStringAsync()}");
        }

        var database = app.Services.GetRequiredKeyedService<ILitestreamDatabase>("app");
        await FailAsync(() => database.SyncAsync());
        await FailAsync(() => database.RestoreAsync(new RestoreOptions { OutputPath = _folder.File("never.db") }));
        await FailAsync(() => database.VerifyAsync());
        await FailAsync(() => database.SnapshotAsync());
        _texts.Enqueue($"{database.GetStatus()} {string.Join(' ', database.GetStatus().Replicas)}");
        _texts.Enqueue(string.Join(' ', (await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries.Select(entry => $"{entry.Value.Description} {entry.Value.Exception} {string.Join(' ', entry.Value.Data)}")));
        var options = app.Services.GetRequiredService<IOptions<LitestreamOptions>>().Value;
        _texts.Enqueue($"{options} {string.Join(' ', options.Databases.Values.SelectMany(one => one.Replicas.Values))}");
        await app.StopAsync();

        _heard.Should().Contain(text => text.Contains("Credential=key", StringComparison.Ordinal), "the store was asked, and signed to");
        foreach (var text in new[] { "SignatureDoesNotMatch", "litestream restore", "SaveChangesDurablyAsync", "ServiceUnavailable" })
        {
            _texts.Any(told => told.Contains(text, StringComparison.Ordinal)).Should().BeTrue("each package has said something, and this is {0}", text);
        }

        // Which of the two depends on who is quicker, the refusal or the time-out.
        _texts.Should().Contain(told => told.StartsWith("NotReplicable ", StringComparison.Ordinal) || told.StartsWith("NotReplicatedInTime ", StringComparison.Ordinal));

        _texts.Where(told => told.Contains(Canary, StringComparison.Ordinal)).Should().BeEmpty();
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private WebApplication Build(RestorePolicy restore)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(new Told(_texts));
        builder.Services.AddLitestreamYaml(_folder.File("litestream.yml")).AddS3();
        builder.Services.Configure<LitestreamOptions>(options =>
        {
            (options.ReleaseOnStop, options.ShutdownSyncTimeout) = (true, TimeSpan.FromMilliseconds(100));
            options.Databases["app"].RestorePolicy = restore;
        });
        builder.Services.AddHealthChecks().AddLitestream();
        builder.Services.AddDbContext<RowsDb>(options => options.UseSqlite($"Data Source={_folder.File("app.db")}").UseLitestream());
        var app = builder.Build();
        app.MapHealthChecks("/health");
        app.MapGet("/save", async (RowsDb rows) =>
        {
            await rows.Database.EnsureCreatedAsync();
            rows.Add(new RowOfCanary { Text = Row });
            await rows.SaveChangesAsync();
        }).RequireReplication(options => options.Timeout = TimeSpan.FromMilliseconds(300));
        app.MapGet("/save-durably", async (RowsDb rows) =>
        {
            rows.Add(new RowOfCanary { Text = Row });
            using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            await FailAsync(() => rows.SaveChangesDurablyAsync(end.Token));
        });
        return app;
    }

    private async Task<WebApplication> StartStoreAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var store = builder.Build();
        store.Run(async context =>
        {
            var heard = string.Join(' ', context.Request.Headers.Select(header => $"{header.Key}: {header.Value}"));
            _heard.Enqueue(heard);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync(
                $"<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>{System.Security.SecurityElement.Escape(heard)} {Secret}</Message><StringToSign>{Secret}</StringToSign></Error>");
        });
        await store.StartAsync();
        return store;
    }

    private async Task FailAsync(Func<Task> act)
    {
        try
        {
            await act().WaitAsync(Patience);
        }
        catch (Exception e)
        {
            _texts.Enqueue(e.ToString());
        }
    }

    /// <summary>All that is logged, with scopes and fields.</summary>
    private sealed class Told(ConcurrentQueue<string> texts) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            texts.Enqueue($"{state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            texts.Enqueue($"{eventId.Name} {formatter(state, exception)} {(state is IEnumerable<KeyValuePair<string, object?>> fields ? string.Join(' ', fields) : "")} {exception}");

        public void Dispose()
        {
        }
    }
}
