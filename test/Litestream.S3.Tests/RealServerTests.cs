using Amazon.S3;
using Amazon.S3.Model;

namespace Litestream.S3;

/// <summary>What only a real server can say.</summary>
[Trait("Category", "RealServer")]
public sealed class RealServerTests : IAsyncLifetime
{
    private readonly string _url = RealServer.WhatIsMissing is null ? RealServer.NewUrl("real") : "";

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _url.Length == 0 ? Task.CompletedTask : RealServer.CleanAsync(_url);

    [S3Fact]
    public async Task Can_do_all_that_is_needed()
    {
        await using var client = new S3ReplicaClient(_url, RealServer.Options());

        var probe = await client.ProbeAsync();

        probe.Findings.Should().BeEmpty();
        probe.IsUsable.Should().BeTrue();
        (await client.ListAsync("").ToListAsync()).Should().BeEmpty();
    }

    [S3Fact]
    public async Task Explains_a_wrong_secret_an_unknown_key_and_a_missing_bucket()
    {
        var secret = RealServer.Options();
        secret.SecretAccessKey = "wrong";
        var key = RealServer.Options();
        key.AccessKeyId = "UNKNOWNKEY0123456789";

        await FailsAsync(_url, secret, "*secret access key is wrong*");
        await FailsAsync(_url, key, "*access key is unknown*");
        await FailsAsync($"s3://no-such-bucket-{Guid.NewGuid():N}/app", RealServer.Options(), "*no such bucket*");
    }

    [S3Fact]
    public async Task A_refused_write_does_not_spoil_the_next_request()
    {
        // Behind a refusal without Expect: 100-continue, Ceph took a small body for the next request.
        await using var missing = new S3ReplicaClient($"s3://no-such-bucket-{Guid.NewGuid():N}/app", RealServer.Options());
        await using var client = new S3ReplicaClient(_url, RealServer.Options());
        for (var i = 0; i < 10; i++)
        {
            await missing.Awaiting(c => c.WriteAsync("a", new MemoryStream([1, 2, 3]))).Should().ThrowAsync<ReplicaException>();
            await missing.Awaiting(c => c.ListAsync("").ToListAsync().AsTask()).Should().ThrowAsync<ReplicaException>().WithMessage("*no such bucket*");
            await client.WriteAsync("a", new MemoryStream([1]));
        }
    }

    [S3Fact]
    public async Task Large_objects_go_up_in_parts_once()
    {
        var options = RealServer.Options();
        options.PartSize = 5 << 20;
        await using var client = new S3ReplicaClient(_url, options);
        var content = new byte[12 << 20];
        new Random(1).NextBytes(content);

        var written = await client.WriteAsync("large", new MemoryStream(content), WriteMode.CreateNew);

        written.Size.Should().Be(content.Length);
        (await client.ListAsync("").ToListAsync()).Should().ContainSingle().Which.Size.Should().Be(content.Length);
        await using (var stream = await client.OpenReadAsync("large", 7 << 20, 1000))
        {
            using var part = new MemoryStream();
            await stream.CopyToAsync(part);
            part.ToArray().Should().Equal(content.Skip(7 << 20).Take(1000));
        }

        await client.Awaiting(c => c.WriteAsync("large", new MemoryStream(content), WriteMode.CreateNew)).Should().ThrowAsync<ReplicaObjectExistsException>();
    }

    [S3Fact]
    public async Task An_upload_that_is_given_up_leaves_no_parts()
    {
        var options = RealServer.Options();
        options.PartSize = 5 << 20;
        await using var client = new S3ReplicaClient(_url, options);
        using var caller = new CancellationTokenSource();
        var content = new ZeroStream(100 << 20, read: position =>
        {
            if (position > 11 << 20)
            {
                caller.Cancel();
            }
        });

        await client.Awaiting(c => c.WriteAsync("large", content, cancellationToken: caller.Token)).Should().ThrowAsync<OperationCanceledException>();

        using var raw = new AmazonS3Client(
            options.AccessKeyId, options.SecretAccessKey, new AmazonS3Config { ServiceURL = options.Endpoint, ForcePathStyle = true });
        var uploads = await raw.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = RealServer.Bucket, Prefix = _url[$"s3://{RealServer.Bucket}/".Length..] });
        (uploads.MultipartUploads ?? []).Should().BeEmpty();
    }

    [S3Fact]
    public async Task Deletes_more_than_a_batch()
    {
        await using var client = new S3ReplicaClient(_url, RealServer.Options());
        string[] keys = [.. Enumerable.Range(0, 1100).Select(i => $"k/{i:d5}")];
        await Parallel.ForEachAsync(keys.Take(60), async (key, token) => await client.WriteAsync(key, new MemoryStream([1]), cancellationToken: token));

        await client.DeleteAsync(keys);

        (await client.ListAsync("").ToListAsync()).Should().BeEmpty();
    }

    private static async Task FailsAsync(string url, S3ReplicaOptions options, string message)
    {
        await using var client = new S3ReplicaClient(url, options);
        (await client.Awaiting(c => c.ListAsync("").ToListAsync().AsTask()).Should().ThrowAsync<ReplicaException>().WithMessage(message))
            .Which.IsTransient.Should().BeFalse();
    }
}
