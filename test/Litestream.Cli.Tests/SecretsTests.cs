using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Litestream.Testing;

namespace Litestream.Cli;

/// <summary>Keys that would be recognised anywhere stand where people put them, and the store says back all that it was sent.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string InFile = "c4n4ry-of-the-file";
    private const string InEnvironment = "c4n4ry-of-the-environment";
    private const string InUrl = "c4n4ry-of-the-url";
    private const string Canary = "c4n4ry";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    private readonly TempDirectory _folder = new();
    private readonly AppDatabase _database;
    private readonly ConcurrentQueue<string> _asked = new();
    private HttpListener _store = new();
    private int _port;

    public SecretsTests()
    {
        _database = new AppDatabase(_folder);
        _database.Execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
        Listen();
    }

    private string Config => _folder.File("litestream.yml");

    public void Dispose()
    {
        _store.Close();
        _database.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("databases")]
    [InlineData("generations", "DB")]
    [InlineData("status", "-json")]
    [InlineData("doctor", "DB")]
    [InlineData("doctor", "-json", "DB")]
    [InlineData("verify", "DB")]
    [InlineData("snapshot", "-json", "DB")]
    [InlineData("restore", "-json", "-v", "-o", "OUT", "DB")]
    public async Task Are_in_no_output_of(string command, params string[] arguments)
    {
        await WriteConfigAsync();

        var output = await RunAsync([command, "-config", Config, .. arguments.Select(Place)]);

        output.Should().NotBeEmpty().And.NotContain(Canary);
        (command == "databases" || !_asked.IsEmpty).Should().BeTrue("the store was asked, and told all it had heard");
    }

    [Theory]
    [InlineData("generations")]
    [InlineData("restore", "-o", "OUT")]
    public async Task Of_a_url_are_in_no_output_of(string command, params string[] arguments)
    {
        var output = await RunAsync(
            [command, .. arguments.Select(Place), $"s3://key:{InUrl}@bucket.127.0.0.1:{_port}/app?secret-access-key={InUrl}#{InUrl}"]);

        output.Should().NotBeEmpty().And.NotContain(Canary);
    }

    [UnixFact]
    public async Task Are_in_no_log_of_the_service_at_its_lowest_level()
    {
        await WriteConfigAsync("logging:\n  level: debug\n");
        await using var program = Start(["replicate", "-config", Config]);
        await program.WaitForLineAsync(line => line.Contains("[6011]"), Timeout);
        while (_asked.IsEmpty)
        {
            await Task.Delay(10);
        }

        program.Terminate();
        await program.WaitForExitAsync(Timeout);

        program.Output.Should().Contain("SignatureDoesNotMatch").And.NotContain(Canary);
    }

    [Theory]
    [InlineData($"secret-access-key: half$${Canary}")]
    [InlineData($"secret-access-key: half${Canary}")]
    [InlineData($"secret-access-key: '${Canary}'")]
    [InlineData($"secret-access-key: [{Canary}]")]
    [InlineData($"secret-access-key: [{Canary}")]
    [InlineData($"secret-acces-key: {Canary}")]
    [InlineData($"url: s3://key:{Canary}@bucket/app")]
    [InlineData($"url: s3://key:half${Canary}@bucket/app")]
    [InlineData($"url: sftp://key:{Canary}@host/app")]
    public async Task Are_in_no_complaint_about_the_file(string line)
    {
        await File.WriteAllTextAsync(Config, $"dbs:\n  - path: {_database.Path}\n    replicas:\n      - name: one\n        {line}\n");

        (await RunAsync("databases", "-config", Config)).Should().NotBeEmpty().And.NotContain(Canary);
    }

    private Task WriteConfigAsync(string first = "") => File.WriteAllTextAsync(Config, $$"""
        {{first}}dbs:
          - path: {{_database.Path}}
            replicas:
              - type: s3
                name: one
                bucket: bucket
                path: app
                region: us-east-1
                endpoint: http://127.0.0.1:{{_port}}
                access-key-id: key
                secret-access-key: {{InFile}}
              - type: s3
                name: two
                bucket: bucket
                path: two
                region: us-east-1
                endpoint: http://127.0.0.1:{{_port}}
                access-key-id: key
                secret-access-key: ${STORE_SECRET}
        """);

    private string Place(string argument) => argument switch
    {
        "DB" => _database.Path,
        "OUT" => _folder.File("out.db"),
        _ => argument,
    };

    private static ChildProcess Start(string[] arguments) => ChildProcess.StartApp(
        "Litestream.Cli",
        "",
        new Dictionary<string, string>
        {
            ["STORE_SECRET"] = InEnvironment,
            ["AWS_ACCESS_KEY_ID"] = "key",
            ["AWS_SECRET_ACCESS_KEY"] = InEnvironment,
            ["AWS_SESSION_TOKEN"] = InEnvironment,
        },
        arguments);

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var program = Start(arguments);
        await program.WaitForExitAsync(Timeout);
        return program.Output;
    }

    // A port that is free now may be taken the next moment. Wine's driver for HTTP starts after the first program that asks for it.
    private void Listen()
    {
        for (var attempt = 1; ; attempt++)
        {
            using (var listener = new TcpListener(IPAddress.Loopback, 0))
            {
                listener.Start();
                _port = ((IPEndPoint)listener.LocalEndpoint).Port;
            }

            try
            {
                _store = new HttpListener();
                _store.Prefixes.Add($"http://127.0.0.1:{_port}/");
                _store.Start();
                _ = AnswerAsync();
                return;
            }
            catch (HttpListenerException) when (attempt < 5 || (Wine.IsHere && attempt < 100))
            {
                Thread.Sleep(Wine.IsHere ? 100 : 0);
            }
        }
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (await _store.GetContextAsync() is { } context)
            {
                var heard = string.Join(' ', context.Request.Headers.AllKeys.Select(name => $"{name}: {context.Request.Headers[name]}"));
                _asked.Enqueue(heard);
                var echo = System.Security.SecurityElement.Escape($"{heard} {InFile} {InEnvironment}");
                context.Response.StatusCode = 403;
                context.Response.ContentType = "application/xml";
                context.Response.Close(Encoding.UTF8.GetBytes($"<Error><Code>SignatureDoesNotMatch</Code><Message>{echo}</Message></Error>"), willBlock: false);
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
