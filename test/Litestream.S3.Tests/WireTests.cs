using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Litestream.S3;

/// <summary>What goes over the wire, byte for byte where it matters. The store verifies every signature and hash itself.</summary>
public sealed class WireTests : IAsyncLifetime
{
    private FakeStore _store = null!;

    public async Task InitializeAsync() => _store = await FakeStore.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Sends_an_object_plain_and_signed_in_one_request()
    {
        await using var client = _store.CreateClient("app");

        await client.WriteAsync("a b/c+d", new MemoryStream([1, 2, 3]));

        var request = _store.Requests.Should().ContainSingle().Subject;
        request.Method.Should().Be("PUT");
        request.RawPath.Should().Be("/testbucket/app/a%20b/c%2Bd");
        request.Body.Should().Equal(1, 2, 3);
        request.Headers.Keys.Should().BeSubsetOf(
            ["authorization", "host", "content-length", "content-type", "user-agent", "x-amz-content-sha256", "x-amz-date", "amz-sdk-invocation-id"]);
        request.Headers["content-length"].Should().Be("3");
        request.Headers["content-type"].Should().Be("application/octet-stream");
        request.Headers["x-amz-content-sha256"].Should().Be(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData([1, 2, 3])));
    }

    [Fact]
    public async Task Keeps_the_integrity_headers_for_aws()
    {
        await using var client = AwsClient();

        await client.WriteAsync("a", new MemoryStream([1, 2, 3]));

        var request = _store.Requests.Should().ContainSingle().Subject;
        request.Headers.Should().ContainKey("x-amz-checksum-crc32").And.NotContainKey("content-encoding").And.NotContainKey("x-amz-trailer");
        request.Headers["x-amz-content-sha256"].Should().HaveLength(64);
    }

    [Fact]
    public async Task Trusts_aws_with_the_condition_without_a_trial()
    {
        await using var client = AwsClient();

        await client.WriteAsync("a", new MemoryStream([1]), WriteMode.CreateNew);

        _store.Requests.Should().ContainSingle().Which.Headers["if-none-match"].Should().Be("*");
    }

    [Fact]
    public async Task A_session_token_is_sent_and_signed()
    {
        await using var client = _store.CreateClient(configure: options => options.SessionToken = "token");

        await client.WriteAsync("a", new MemoryStream([1]));

        var request = _store.Requests.Should().ContainSingle().Subject;
        request.Headers["x-amz-security-token"].Should().Be("token");
        request.Headers["authorization"].Should().Contain("x-amz-security-token");
    }

    [Fact]
    public async Task Sends_a_header_that_the_store_needs()
    {
        var dialect = S3Dialects.Find("fly.storage.tigris.dev")!.Value.Dialect;
        await using var client = Client(dialect);

        await client.WriteAsync("a", new MemoryStream([1]));

        _store.Requests.Single().Headers["x-tigris-consistent"].Should().Be("true");
    }

    [Fact]
    public async Task Lists_a_page_per_request()
    {
        _store.PageSize = 2;
        for (var i = 0; i < 5; i++)
        {
            _store.Put($"app/k{i}", [1]);
        }

        await using var client = _store.CreateClient("app");

        (await client.ListAsync("").ToListAsync()).Should().HaveCount(5);
        _store.Requests.Should().HaveCount(3);
        _store.Requests[0].RawQuery.Should().Be("list-type=2&prefix=app%2F");
    }

    [Fact]
    public async Task Asks_for_the_range_that_is_wanted()
    {
        _store.Put("k", [.. Enumerable.Range(0, 100).Select(i => (byte)i)]);
        await using var client = _store.CreateClient();

        await using (var stream = await client.OpenReadAsync("k", 10, 5))
        {
            stream.ReadByte().Should().Be(10);
        }

        await using (await client.OpenReadAsync("k", 10))
        {
        }

        await using (await client.OpenReadAsync("k"))
        {
        }

        _store.Requests.Select(request => request.Headers.GetValueOrDefault("range")).Should().Equal("bytes=10-14", "bytes=10-", null);
    }

    [Fact]
    public async Task A_batch_of_deletes_carries_its_md5()
    {
        _store.Put("a", [1]);
        _store.Put("b", [1]);
        await using var client = _store.CreateClient();

        await client.DeleteAsync(["a", "b", "none"]);

        _store.Objects.Should().BeEmpty();
        _store.Requests.Should().ContainSingle().Which.Headers.Should().ContainKey("content-md5");
    }

    [Fact]
    public async Task Deletes_a_thousand_per_request()
    {
        await using var client = _store.CreateClient();

        await client.DeleteAsync([.. Enumerable.Range(0, 2500).Select(i => $"k{i}")]);

        _store.Requests.Should().HaveCount(3);
    }

    [Fact]
    public async Task Deletes_one_by_one_where_batches_are_refused_and_remembers_it()
    {
        _store.BatchDeleteWorks = false;
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            _store.Put(key, [1]);
        }

        await using var client = _store.CreateClient();

        await client.DeleteAsync(["a", "b"]);
        await client.DeleteAsync(["c", "d"]);

        _store.Objects.Should().BeEmpty();
        _store.Requests.Select(request => request.Method).Should().Equal("POST", "DELETE", "DELETE", "DELETE", "DELETE");
    }

    [Theory]
    [InlineData("storage.googleapis.com")]
    [InlineData("0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com")]
    public async Task Never_tries_a_batch_where_it_is_known_to_fail(string host)
    {
        await using var client = Client(S3Dialects.Find(host)!.Value.Dialect);

        await client.DeleteAsync(["a", "b"]);

        _store.Requests.Select(request => request.Method).Should().Equal("DELETE", "DELETE");
    }

    [Fact]
    public async Task A_batch_that_is_answered_with_errors_has_failed()
    {
        _store.Intercept = async (context, _) =>
        {
            await context.Response.WriteAsync("<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>");
            return true;
        };
        await using var client = _store.CreateClient();
        var delete = () => client.DeleteAsync(["a", "b"]);

        (await delete.Should().ThrowAsync<ReplicaException>()).WithMessage("*'b'*AccessDenied*").Which.IsTransient.Should().BeFalse();
    }

    [Fact]
    public async Task A_store_that_drops_every_connection_sees_one_request_per_call()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var connections = 0;
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                Interlocked.Increment(ref connections);
                await socket.ReceiveAsync(new byte[4096]);
                socket.LingerState = new LingerOption(true, 0);
            }
        });
        await using var client = new S3ReplicaClient($"s3://bkt/db?endpoint=http://{listener.LocalEndpoint}", new S3ReplicaOptions { AccessKeyId = "a", SecretAccessKey = "b" });
        Func<Task>[] calls =
        [
            () => client.OpenReadAsync("a"),
            () => client.WriteAsync("a", new MemoryStream([1])),
            () => client.ListAsync("").ToListAsync().AsTask(),
            () => client.DeleteAsync(["a"]),
            () => client.DeleteAsync(["a", "b"]),
        ];

        foreach (var call in calls)
        {
            (await call.Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeTrue();
        }

        connections.Should().Be(calls.Length);
    }

    [Fact]
    public async Task An_idle_client_sends_nothing()
    {
        await using var client = _store.CreateClient();

        await Task.Delay(200);

        _store.Requests.Should().BeEmpty();
        client.Bucket.RequestsSent.Should().Be(0);
    }

    [Fact]
    public async Task Does_not_hand_on_the_applications_traces()
    {
        using var activity = new System.Diagnostics.Activity("request").Start();
        await using var client = _store.CreateClient();

        await client.WriteAsync("a", new MemoryStream([1]));

        _store.Requests.Single().Headers.Should().NotContainKey("traceparent");
    }

    [Fact]
    public async Task Accepts_an_object_whose_etag_is_no_hash_by_its_size()
    {
        _store.Intercept = (context, request) =>
        {
            if (request.Method != "PUT")
            {
                return Task.FromResult(false);
            }

            _store.Put("a", request.Body);
            context.Response.Headers.ETag = "\"not-a-hash\"";
            return Task.FromResult(true);
        };
        await using var client = _store.CreateClient();

        await client.WriteAsync("a", new MemoryStream([1, 2]));

        _store.Requests.Select(request => request.Method).Should().Equal("PUT", "HEAD");
    }

    [Fact]
    public async Task Refuses_an_object_that_the_store_has_shortened()
    {
        _store.Intercept = (context, request) =>
        {
            if (request.Method != "PUT")
            {
                return Task.FromResult(false);
            }

            _store.Put("a", [1]);
            context.Response.Headers.ETag = "\"d41d8cd98f00b204e9800998ecf8427e\"";
            return Task.FromResult(true);
        };
        await using var client = _store.CreateClient();
        var write = () => client.WriteAsync("a", new MemoryStream([1, 2]));

        await write.Should().ThrowAsync<ReplicaException>().WithMessage("*accepted 2 bytes and then had 1*");
    }

    [Fact]
    public async Task Cuts_the_right_part_from_a_store_that_ignores_ranges()
    {
        _store.Intercept = async (context, _) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.Body.WriteAsync(Enumerable.Range(0, 100).Select(i => (byte)i).ToArray());
            return true;
        };
        await using var client = _store.CreateClient();

        await using var stream = await client.OpenReadAsync("k", 10, 3);
        var content = new MemoryStream();
        await stream.CopyToAsync(content);

        content.ToArray().Should().Equal(10, 11, 12);
    }

    [Fact]
    public async Task Refuses_another_range_than_it_asked_for()
    {
        _store.Intercept = async (context, _) =>
        {
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = "bytes 0-2/100";
            context.Response.ContentLength = 3;
            await context.Response.Body.WriteAsync(new byte[] { 0, 1, 2 });
            return true;
        };
        await using var client = _store.CreateClient();
        var read = () => client.OpenReadAsync("k", 10, 3);

        await read.Should().ThrowAsync<ReplicaException>().WithMessage("*another range*");
    }

    [Fact]
    public async Task Sends_the_busy_formula_and_no_more()
    {
        // docs/stores.md: one PUT per segment, and two to try the condition out with a delete, once.
        await using var client = _store.CreateClient("app");

        for (var i = 0; i < 20; i++)
        {
            await client.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"wal/{i:x8}"), new MemoryStream(Encoding.ASCII.GetBytes("segment")), WriteMode.CreateNew);
        }

        _store.Requests.Should().HaveCount(20 + 3);
    }

    private S3ReplicaClient AwsClient() => Client(S3Dialects.Aws);

    // The dialect of one store, at the address of this one.
    private S3ReplicaClient Client(S3Dialect dialect)
    {
        var options = _store.Options();
        var location = S3Location.Resolve(FakeStore.Url(), options, out _)! with { Dialect = dialect };
        var bucket = new Requests.ReplicaBucket(
            location, options, registered: null, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        return new S3ReplicaClient(location, bucket, ownsBucket: true);
    }
}
