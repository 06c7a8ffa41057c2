using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Litestream.S3;

/// <summary>Each way in which a store says no, or says nothing, is one error that tells what to do, and none of them "no backup".</summary>
public sealed class ErrorTests : IAsyncLifetime
{
    private FakeStore _store = null!;

    public async Task InitializeAsync() => _store = await FakeStore.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(403, "SignatureDoesNotMatch", "secret access key is wrong", false)]
    [InlineData(403, "InvalidAccessKeyId", "access key is unknown", false)]
    [InlineData(403, "AccessDenied", "not allowed*s3:ListBucket", false)]
    [InlineData(401, "Unauthorized", "does not accept the keys", false)]
    [InlineData(400, "ExpiredToken", "session token", false)]
    [InlineData(403, "RequestTimeTooSkewed", "clock of this machine*there it is 20", false)]
    [InlineData(400, "RequestTimeTooSkewed", "clock of this machine", false)]
    [InlineData(404, "NoSuchBucket", "no such bucket", false)]
    [InlineData(301, "PermanentRedirect", "not in region us-east-1", false)]
    [InlineData(307, "TemporaryRedirect", "not in region us-east-1", false)]
    [InlineData(400, "AuthorizationHeaderMalformed", "not in region us-east-1", false)]
    [InlineData(501, "NotImplemented", "HTTP 501", false)]
    [InlineData(507, "InsufficientStorage", "HTTP 507", false)]
    [InlineData(400, "Whatever", "HTTP 400 Whatever", false)]
    [InlineData(429, "TooManyRequests", "come back later", true)]
    [InlineData(503, "SlowDown", "come back later", true)]
    [InlineData(503, "", "HTTP 503", true)]
    [InlineData(500, "InternalError", "come back later", true)]
    [InlineData(502, "", "HTTP 502", true)]
    [InlineData(504, "", "HTTP 504", true)]
    [InlineData(408, "RequestTimeout", "come back later", true)]
    public async Task Explains_an_answer(int status, string code, string message, bool isTransient)
    {
        _store.Intercept = async (context, _) =>
        {
            await FakeStore.ErrorAsync(context, status, code);
            return true;
        };
        await using var client = _store.CreateClient("app");

        foreach (var error in await FailuresAsync(client))
        {
            error.Message.Should().Match($"*testbucket*{_store.Endpoint.Authority}*{message}*");
            error.IsTransient.Should().Be(isTransient);
        }
    }

    [Fact]
    public async Task Names_the_region_that_the_bucket_is_in()
    {
        _store.Intercept = async (context, _) =>
        {
            context.Response.Headers["x-amz-bucket-region"] = "eu-west-3";
            await FakeStore.ErrorAsync(context, 301, "PermanentRedirect");
            return true;
        };
        await using var client = _store.CreateClient("app");

        (await FailuresAsync(client)).Should().AllSatisfy(error => error.Message.Should().Contain("lies in region eu-west-3").And.Contain("set Region to eu-west-3"));
    }

    [Theory]
    [InlineData(200, "<html><body>Welcome</body></html>")]
    [InlineData(200, "not xml")]
    [InlineData(502, "<html>proxy</html>")]
    public async Task Explains_what_is_no_s3_server(int status, string body)
    {
        _store.Intercept = async (context, _) =>
        {
            context.Response.StatusCode = status;
            await context.Response.WriteAsync(body);
            return true;
        };
        await using var client = _store.CreateClient("app");
        var list = () => client.ListAsync("").ToListAsync().AsTask();

        await list.Should().ThrowAsync<ReplicaException>().Where(e => e.GetType() == typeof(ReplicaException));
    }

    [Fact]
    public async Task A_wrong_secret_is_named()
    {
        await using var client = _store.CreateClient("app", options => options.SecretAccessKey = "wrong");

        (await FailuresAsync(client)).Should().AllSatisfy(error => error.Message.Should().Contain("secret access key is wrong"));
    }

    [Fact]
    public async Task A_pasted_key_may_have_space_around_it()
    {
        await using var client = _store.CreateClient("app", options => options.SecretAccessKey = $" {FakeStore.SecretAccessKey}\n");

        await client.WriteAsync("a", new MemoryStream([1]));
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_no_missing_object()
    {
        await using var client = new S3ReplicaClient("s3://other/app", _store.Options());
        var read = () => client.OpenReadAsync("a");

        (await read.Should().ThrowAsync<ReplicaException>().WithMessage("*no such bucket*")).Which.Should().NotBeOfType<ReplicaObjectNotFoundException>();
    }

    [Fact]
    public async Task A_host_that_does_not_resolve_is_named()
    {
        await using var client = new S3ReplicaClient("s3://bkt/db?endpoint=https://no-such-host.invalid", Keys());

        (await FailuresAsync(client)).Should().AllSatisfy(error => error.Message.Should().Contain("no-such-host.invalid").And.Contain("cannot be resolved"));
    }

    [Fact]
    public async Task A_port_nobody_listens_on_is_transient()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var endpoint = listener.LocalEndpoint;
        listener.Stop();
        await using var client = new S3ReplicaClient($"s3://bkt/db?endpoint=http://{endpoint}", Keys());

        (await FailuresAsync(client)).Should().AllSatisfy(error =>
        {
            error.Message.Should().Contain("cannot be reached");
            error.IsTransient.Should().BeTrue();
        });
    }

    [Fact]
    public async Task A_server_without_tls_is_named()
    {
        var authority = _store.Endpoint.Authority;
        await using var client = new S3ReplicaClient($"s3://bkt/db?endpoint=https://{authority}", Keys());

        (await FailuresAsync(client)).Should().AllSatisfy(error => error.Message.Should().Contain("TLS"));
    }

    [Fact]
    public async Task A_certificate_nobody_vouches_for_is_named_and_final()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptTcpClientAsync();
                await using var tls = new SslStream(socket.GetStream());
                await tls.AuthenticateAsServerAsync(certificate).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        });
        await using var client = new S3ReplicaClient($"s3://bkt/db?endpoint=https://{listener.LocalEndpoint}", Keys());
        var list = () => client.ListAsync("").ToListAsync().AsTask();

        (await list.Should().ThrowAsync<ReplicaException>().WithMessage("*TLS could not be set up*certificate*")).Which.IsTransient.Should().BeFalse();
    }

    [Fact]
    public async Task A_store_that_says_nothing_is_given_up()
    {
        using var over = new CancellationTokenSource();
        _store.Intercept = async (_, _) =>
        {
            await Task.Delay(Timeout.Infinite, over.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        await using var client = _store.CreateClient("app", options => options.RequestTimeout = TimeSpan.FromSeconds(1));
        var list = () => client.ListAsync("").ToListAsync().AsTask();

        (await list.Should().ThrowAsync<ReplicaException>().WithMessage("*nothing moved for 1 s*")).Which.IsTransient.Should().BeTrue();
        await over.CancelAsync();
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_not_an_error_of_the_store()
    {
        using var over = new CancellationTokenSource();
        using var caller = new CancellationTokenSource();
        _store.Intercept = async (_, _) =>
        {
            await caller.CancelAsync();
            await Task.Delay(Timeout.Infinite, over.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        await using var client = _store.CreateClient("app");
        var write = () => client.WriteAsync("a", new MemoryStream([1]), cancellationToken: caller.Token);

        await write.Should().ThrowAsync<OperationCanceledException>();
        await over.CancelAsync();
    }

    [Fact]
    public async Task Refuses_to_work_after_its_end()
    {
        var client = _store.CreateClient("app");
        await client.DisposeAsync();
        await client.DisposeAsync();

        var write = () => client.WriteAsync("a", new MemoryStream([1]));

        await write.Should().ThrowAsync<ObjectDisposedException>();
    }

    private static S3ReplicaOptions Keys() => new() { AccessKeyId = "a", SecretAccessKey = "b" };

    private static async Task<List<ReplicaException>> FailuresAsync(S3ReplicaClient client)
    {
        Func<Task>[] calls =
        [
            () => client.ListAsync("").ToListAsync().AsTask(),
            () => client.ListPrefixesAsync("").ToListAsync().AsTask(),
            () => client.OpenReadAsync("a"),
            () => client.WriteAsync("a", new MemoryStream([1])),
            () => client.DeleteAsync(["a"]),
        ];
        var errors = new List<ReplicaException>();
        foreach (var call in calls)
        {
            var error = (await call.Should().ThrowAsync<ReplicaException>()).Which;
            error.GetType().Should().Be<ReplicaException>();
            errors.Add(error);
        }

        return errors;
    }
}
