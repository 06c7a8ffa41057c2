namespace Litestream.S3;

/// <summary>Creating an object only where there is none, on stores that can, that pretend to, and that cannot.</summary>
public sealed class ConditionalCreationTests : IAsyncLifetime
{
    private FakeStore _store = null!;

    public async Task InitializeAsync() => _store = await FakeStore.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Is_tried_out_once_per_bucket_and_leaves_nothing_behind()
    {
        await using var client = _store.CreateClient("app");

        await WriteAsync(client, "a");
        await WriteAsync(client, "b");

        _store.Requests.Select(request => $"{request.Method} {request.Path}").Should().Equal(
            "PUT /testbucket/app/.litestream-net-trial",
            "PUT /testbucket/app/.litestream-net-trial",
            "DELETE /testbucket/app/.litestream-net-trial",
            "PUT /testbucket/app/a",
            "PUT /testbucket/app/b");
        _store.Requests[3].Headers["if-none-match"].Should().Be("*");
    }

    [Fact]
    public async Task Is_not_tried_out_by_those_who_replace()
    {
        await using var client = _store.CreateClient("app");

        await client.WriteAsync("a", new MemoryStream([1]));

        _store.Requests.Should().ContainSingle();
    }

    [Fact]
    public async Task A_trial_object_from_another_time_is_proof_enough()
    {
        _store.Put("app/.litestream-net-trial", [1]);
        await using var client = _store.CreateClient("app");

        await WriteAsync(client, "a");

        client.Bucket.Creation.Known.Should().BeTrue();
        _store.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task The_trial_object_is_not_listed()
    {
        _store.Put("app/.litestream-net-trial", [1]);
        await using var client = _store.CreateClient("app");

        (await client.ListAsync("").ToListAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task Keys_that_may_not_delete_do_not_stop_it()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Method == "DELETE")
            {
                await FakeStore.ErrorAsync(context, 403, "AccessDenied");
                return true;
            }

            return false;
        };
        await using var client = _store.CreateClient("app");

        await WriteAsync(client, "a");

        client.Bucket.Creation.Known.Should().BeTrue();
    }

    [Theory]
    [InlineData("Ignored")]
    [InlineData("Refused")]
    public async Task Falls_back_to_looking_first(string condition)
    {
        _store.Condition = Enum.Parse<ConditionSupport>(condition);
        await using var client = _store.CreateClient("app");
        await WriteAsync(client, "a");
        var again = () => WriteAsync(client, "a", 2);

        (await again.Should().ThrowAsync<ReplicaObjectExistsException>()).Which.Key.Should().Be("a");

        client.Bucket.Creation.Known.Should().BeFalse();
        _store.Objects["app/a"].Content.Should().Equal(1);
    }

    [Fact]
    public async Task A_trial_that_could_not_be_made_is_made_again()
    {
        var broken = true;
        _store.Intercept = async (context, _) =>
        {
            if (broken)
            {
                await FakeStore.ErrorAsync(context, 503, "SlowDown");
            }

            return broken;
        };
        await using var client = _store.CreateClient("app");
        var write = () => WriteAsync(client, "a");
        (await write.Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeTrue();
        broken = false;

        await write();

        client.Bucket.Creation.Known.Should().BeTrue();
    }

    [Fact]
    public async Task What_met_its_own_object_was_created()
    {
        // A proxy between sent the request twice: the first made the object, the answer to the second arrives.
        _store.Intercept = async (context, request) =>
        {
            if (request.Method != "PUT" || !request.Path.EndsWith("/a", StringComparison.Ordinal))
            {
                return false;
            }

            _store.PutLike("app/a", request);
            await FakeStore.ErrorAsync(context, 412, "PreconditionFailed");
            return true;
        };
        await using var client = _store.CreateClient("app");

        (await WriteAsync(client, "a")).Size.Should().Be(1);
    }

    [Theory]
    [InlineData(409, "ConditionalRequestConflict")]
    [InlineData(409, "OperationAborted")]
    public async Task A_conflict_is_to_be_tried_again(int status, string code)
    {
        _store.Intercept = async (context, request) =>
        {
            if (!request.Path.EndsWith("/a", StringComparison.Ordinal))
            {
                return false;
            }

            await FakeStore.ErrorAsync(context, status, code);
            return true;
        };
        await using var client = _store.CreateClient("app");
        var write = () => WriteAsync(client, "a");

        (await write.Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeTrue();
    }

    [Fact]
    public async Task The_probe_tells_a_race_apart()
    {
        await using var client = _store.CreateClient("app");

        var good = await client.ProbeAsync();

        good.CreatesExclusively.Should().BeTrue();
        good.Findings.Should().BeEmpty();
        good.IsUsable.Should().BeTrue();
        _store.Objects.Should().BeEmpty();
    }

    [Fact]
    public async Task The_probe_says_what_a_store_without_conditions_costs()
    {
        _store.Condition = ConditionSupport.Ignored;
        await using var client = _store.CreateClient("app");

        var probe = await client.ProbeAsync();

        probe.IsUsable.Should().BeTrue();
        probe.ToString().Should().Contain("no fencing").And.Contain("only one application writes");
    }

    [Fact]
    public async Task The_probe_says_that_deletes_only_hide()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Query.ContainsKey("versioning"))
            {
                await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(
                    context.Response, "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status></VersioningConfiguration>");
                return true;
            }

            return false;
        };
        await using var client = _store.CreateClient("app");

        (await client.ProbeAsync()).Findings.Should().ContainSingle().Which.Should().Contain("only hides");
    }

    [Fact]
    public async Task The_probe_of_a_store_that_refuses_is_a_report()
    {
        _store.Intercept = async (context, request) =>
        {
            if (request.Method is "PUT" or "DELETE" or "POST")
            {
                await FakeStore.ErrorAsync(context, 403, "AccessDenied");
                return true;
            }

            return false;
        };
        await using var client = _store.CreateClient("app");

        var probe = await client.ProbeAsync();

        probe.IsUsable.Should().BeFalse();
        probe.CanList.Should().BeTrue();
        probe.ToString().Should().Contain("Writing fails").And.Contain("s3:PutObject");
    }

    private static Task<ReplicaObject> WriteAsync(S3ReplicaClient client, string key, byte content = 1) =>
        client.WriteAsync(key, new MemoryStream([content]), WriteMode.CreateNew);
}
