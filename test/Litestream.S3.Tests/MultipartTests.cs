namespace Litestream.S3;

/// <summary>Large objects: in parts, with flat memory, and nothing left behind.</summary>
public sealed class MultipartTests : IAsyncLifetime
{
    private const int PartSize = 5 << 20;

    private FakeStore _store = null!;

    public async Task InitializeAsync() => _store = await FakeStore.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData(1, 16L << 20, 16L << 20)]
    [InlineData(10_000 * (16L << 20), 16L << 20, 16L << 20)]
    [InlineData((10_000 * (16L << 20)) + 1, 16L << 20, 17L << 20)]
    [InlineData(5L << 40, 5L << 20, 525L << 20)]
    public void Parts_grow_with_the_object(long length, long configured, long expected)
    {
        MultipartUpload.PartSize(length, configured).Should().Be(expected);
        (length / MultipartUpload.PartSize(length, configured)).Should().BeLessThanOrEqualTo(10_000);
    }

    [Fact]
    public async Task An_object_goes_up_in_equal_parts()
    {
        var content = Content((2 * PartSize) + 123);
        await using var client = Client();

        var written = await client.WriteAsync("a", new MemoryStream(content), WriteMode.CreateNew);

        written.Size.Should().Be(content.Length);
        _store.Objects["app/a"].Content.AsSpan().SequenceEqual(content).Should().BeTrue();
        var parts = _store.Requests.Where(request => request.Query.ContainsKey("partNumber")).ToList();
        parts.Select(part => part.Body.Length).Should().Equal(PartSize, PartSize, 123);
        parts.Should().AllSatisfy(part => part.Headers.Should().NotContainKey("content-encoding").And.NotContainKey("x-amz-trailer"));
        _store.Uploads.Should().BeEmpty();
    }

    [Fact]
    public async Task An_object_of_a_parts_size_goes_up_in_one_request()
    {
        await using var client = Client();

        await client.WriteAsync("a", new MemoryStream(Content(PartSize)));

        _store.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task Is_not_begun_where_the_object_exists()
    {
        _store.Put("app/a", [1]);
        await using var client = Client();
        var write = () => client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)), WriteMode.CreateNew);

        await write.Should().ThrowAsync<ReplicaObjectExistsException>();

        _store.Requests.Should().NotContain(request => request.Query.ContainsKey("uploads"));
        _store.Objects["app/a"].Content.Should().Equal(1);
    }

    [Fact]
    public async Task Does_not_replace_what_came_up_meanwhile()
    {
        await using var client = Client();
        _store.Intercept = (_, request) =>
        {
            if (request.Query.ContainsKey("partNumber"))
            {
                _store.Put("app/a", [1]);
            }

            return Task.FromResult(false);
        };
        var write = () => client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)), WriteMode.CreateNew);

        await write.Should().ThrowAsync<ReplicaObjectExistsException>();

        _store.Objects["app/a"].Content.Should().Equal(1);
        _store.Uploads.Should().BeEmpty();
    }

    [Fact]
    public async Task A_part_that_fails_is_sent_again()
    {
        var failures = 1;
        _store.Intercept = async (context, request) =>
        {
            if (request.Query.GetValueOrDefault("partNumber") == "2" && failures-- > 0)
            {
                await FakeStore.ErrorAsync(context, 500, "InternalError");
                return true;
            }

            return false;
        };
        await using var client = Client();

        await client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)));

        _store.Objects.Should().ContainKey("app/a");
        _store.Requests.Count(request => request.Query.ContainsKey("partNumber")).Should().Be(3);
    }

    [Fact]
    public async Task An_upload_that_fails_is_aborted()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Query.GetValueOrDefault("partNumber") == "2")
            {
                await FakeStore.ErrorAsync(context, 403, "AccessDenied");
                return true;
            }

            return false;
        };
        await using var client = Client();
        var write = () => client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)));

        await write.Should().ThrowAsync<ReplicaException>();

        _store.Uploads.Should().BeEmpty();
        _store.Objects.Should().BeEmpty();
    }

    [Fact]
    public async Task An_upload_whose_caller_gives_up_is_aborted()
    {
        using var caller = new CancellationTokenSource();
        _store.Intercept = async (_, request) =>
        {
            if (request.Query.GetValueOrDefault("partNumber") == "2")
            {
                await caller.CancelAsync();
            }

            return false;
        };
        await using var client = Client();
        var write = () => client.WriteAsync("a", new MemoryStream(Content(2 * PartSize)), cancellationToken: caller.Token);

        await write.Should().ThrowAsync<OperationCanceledException>();

        _store.Uploads.Should().BeEmpty();
    }

    [Fact]
    public async Task The_lost_answer_to_the_last_request_costs_nothing()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Method == "POST" && request.Query.TryGetValue("uploadId", out var id))
            {
                var upload = _store.Uploads[id];
                _store.PutLike("app/a", request with { Body = [.. upload.Parts.OrderBy(part => part.Key).SelectMany(part => part.Value)], Headers = upload.Metadata });
                context.Abort();
                await Task.CompletedTask;
                return true;
            }

            return false;
        };
        await using var client = Client();

        (await client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)))).Size.Should().Be(PartSize + 1);
    }

    [Fact]
    public async Task A_completion_that_is_answered_with_an_error_after_200_has_failed()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Method == "POST" && request.Query.ContainsKey("uploadId"))
            {
                context.Response.StatusCode = 200;
                await FakeStore.ErrorAsync(context, 200, "InternalError");
                return true;
            }

            return false;
        };
        await using var client = Client();
        var write = () => client.WriteAsync("a", new MemoryStream(Content(PartSize + 1)));

        (await write.Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeTrue();
        _store.Uploads.Should().BeEmpty();
    }

    [Fact]
    public async Task Removes_old_uploads_of_its_own_and_no_others()
    {
        var old = DateTimeOffset.UtcNow.AddDays(-3);
        _store.PutUpload("app/generations/0123456789abcdef/snapshots/00000000.snapshot.lz4", old);
        _store.PutUpload("app/generations/0123456789abcdef/snapshots/00000001.snapshot.lz4", DateTimeOffset.UtcNow.AddHours(-1));
        _store.PutUpload("app/other", old);
        _store.PutUpload("app2/generations/0123456789abcdef/snapshots/00000000.snapshot.lz4", old);
        await using var client = Client();

        await client.WriteAsync("generations/a", new MemoryStream(Content(PartSize + 1)));
        await client.WriteAsync("generations/b", new MemoryStream(Content(PartSize + 1)));

        _store.Uploads.Values.Select(upload => upload.Key).Should().BeEquivalentTo(
            "app/generations/0123456789abcdef/snapshots/00000001.snapshot.lz4",
            "app/other",
            "app2/generations/0123456789abcdef/snapshots/00000000.snapshot.lz4");
        _store.Requests.Count(request => request.Method == "GET" && request.Query.ContainsKey("uploads")).Should().Be(1);
    }

    private S3ReplicaClient Client() => _store.CreateClient("app", options => options.PartSize = PartSize);

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }
}
