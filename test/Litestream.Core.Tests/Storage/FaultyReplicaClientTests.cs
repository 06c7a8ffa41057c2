using Litestream.Testing;
using Litestream.Testing.Faults;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.Core.Tests.Storage;

/// <summary>The client that fails as it is told keeps the contract while it is told nothing, and fails as it is told.</summary>
public class FaultyReplicaClientTests : ReplicaClientContract
{
    private readonly MemoryReplicaClient _store = new();

    [Fact]
    public async Task A_call_that_fails_before_its_effect_has_none()
    {
        await using var client = Faulty(1, new Fault(FaultKind.FailBefore) { Status = 429 });
        var write = () => WriteAsync(client, "a", [1]);

        (await write.Should().ThrowAsync<ReplicaException>().WithMessage("*429*")).Which.IsTransient.Should().BeTrue();

        _store.Keys.Should().BeEmpty();
        await WriteAsync(client, "a", [1], WriteMode.CreateNew);
        client.Calls.Should().HaveCount(2);
        client.Injected.Should().ContainSingle().Which.Call.Key.Should().Be("a");
    }

    [Fact]
    public async Task A_call_whose_answer_is_lost_had_its_effect()
    {
        await using var client = Faulty(1, new Fault(FaultKind.FailAfter));
        var write = () => WriteAsync(client, "a", [1]);

        await write.Should().ThrowAsync<ReplicaException>();

        _store.Keys.Should().Equal("a");
    }

    [Fact]
    public async Task A_call_without_an_answer_ends_with_its_token()
    {
        await using var client = Faulty(1, new Fault(FaultKind.Hang));
        using var source = new CancellationTokenSource();
        var write = client.WriteAsync("a", new MemoryStream([1]), cancellationToken: source.Token);

        write.IsCompleted.Should().BeFalse();
        await source.CancelAsync();

        await FluentActions.Awaiting(() => write).Should().ThrowAsync<OperationCanceledException>();
        _store.Keys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_lost_permission_is_not_transient_and_meets_one_operation()
    {
        await using var client = new FaultyReplicaClient(_store) { Script = FaultScript.Without(ReplicaOperation.Delete) };
        await WriteAsync(client, "a", [1]);
        var delete = () => client.DeleteAsync(["a"]);

        (await delete.Should().ThrowAsync<ReplicaException>()).Which.IsTransient.Should().BeFalse();

        (await ReadAsync(client, "a")).Should().Equal(1);
    }

    [Fact]
    public async Task A_body_is_reset_or_ends_midway()
    {
        await using var client = new FaultyReplicaClient(_store);
        await WriteAsync(client, "a", [1, 2, 3, 4]);
        var read = () => ReadAsync(client, "a");

        client.Script = _ => new Fault(FaultKind.Reset);
        await read.Should().ThrowAsync<IOException>();

        client.Script = _ => new Fault(FaultKind.Truncate) { GoodPart = 0.75 };
        (await read()).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task A_write_that_is_reset_stores_nothing_and_a_deletion_goes_half_way()
    {
        await using var client = new FaultyReplicaClient(_store);
        await WriteAsync(client, "a", [1]);
        await WriteAsync(client, "b", [1]);
        client.Script = _ => new Fault(FaultKind.Reset);
        var write = () => WriteAsync(client, "c", [1, 2]);
        var delete = () => client.DeleteAsync(["a", "b"]);

        await write.Should().ThrowAsync<ReplicaException>();
        await delete.Should().ThrowAsync<ReplicaException>();

        _store.Keys.Should().Equal("b");
    }

    [Fact]
    public async Task A_late_write_lands_some_calls_later_if_its_condition_holds()
    {
        await using var client = Faulty(1, new Fault(FaultKind.Late) { Lateness = 2 });
        var late = () => WriteAsync(client, "a", [1], WriteMode.CreateNew);

        await late.Should().ThrowAsync<ReplicaException>();
        (await ListAsync(client, "")).Should().BeEmpty();
        (await ListAsync(client, "")).Should().ContainSingle();

        client.Forget();
        client.Script = FaultScript.Once(1, new Fault(FaultKind.Late) { Lateness = 2 });
        var lost = () => WriteAsync(client, "b", [1], WriteMode.CreateNew);
        await lost.Should().ThrowAsync<ReplicaException>();
        _store["b"] = [9];
        await ListAsync(client, "");
        _store["b"].Should().Equal(9);
    }

    [Theory]
    [InlineData(FaultKind.Truncate, new[] { "a", "b" })]
    [InlineData(FaultKind.Late, new[] { "a" })]
    [InlineData(FaultKind.Hide, new string[0])]
    [InlineData(FaultKind.Twice, new[] { "a", "a", "b", "b", "c", "c", "d", "d" })]
    public async Task A_listing_says_what_is_not_so(FaultKind kind, string[] expected)
    {
        await using var client = new FaultyReplicaClient(_store);
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            await WriteAsync(client, key, [1]);
            await WriteAsync(client, $"{key}/x", [1]);
            _store.DeleteAsync([key]).IsCompletedSuccessfully.Should().BeTrue();
        }

        client.Script = _ => new Fault(kind) { Lateness = 6 };

        (await ListAsync(client, "")).Select(o => o.Key[..1]).Should().Equal(expected);
        (await PrefixesAsync(client, "")).Should().Equal(expected);
    }

    [Fact]
    public async Task A_listing_breaks_midway_or_comes_in_no_order()
    {
        await using var client = new FaultyReplicaClient(_store);
        foreach (var key in Enumerable.Range(0, 20).Select(i => $"{i:d2}"))
        {
            await WriteAsync(client, key, [1]);
        }

        client.Script = _ => new Fault(FaultKind.Shuffle);
        var shuffled = (await ListAsync(client, "")).ConvertAll(o => o.Key);
        shuffled.Should().BeEquivalentTo(_store.Keys).And.NotBeInAscendingOrder();

        client.Script = _ => new Fault(FaultKind.Reset);
        var seen = new List<string>();
        var list = async () =>
        {
            await foreach (var entry in client.ListAsync(""))
            {
                seen.Add(entry.Key);
            }
        };
        await list.Should().ThrowAsync<ReplicaException>();
        seen.Should().HaveCount(10);
    }

    [Fact]
    public async Task Another_writer_wins_the_race_for_a_key()
    {
        await using var client = Faulty(1, new Fault(FaultKind.Race) { Rival = content => [.. content, 9] });
        var write = () => WriteAsync(client, "a", [1], WriteMode.CreateNew);

        await write.Should().ThrowAsync<ReplicaObjectExistsException>();

        _store["a"].Should().Equal(1, 9);
    }

    [Fact]
    public async Task Objects_keep_the_time_of_a_clock_that_was_wrong()
    {
        var time = new FakeTimeProvider();
        await using var client = new FaultyReplicaClient(new MemoryReplicaClient(time));
        client.ClockSkew = TimeSpan.FromHours(3);
        var written = await WriteAsync(client, "a", [1]);
        client.ClockSkew = TimeSpan.Zero;

        written.CreatedAt.Should().Be(time.GetUtcNow().AddHours(3));
        (await ListAsync(client, "")).Single().Should().Be(written);
        (await WriteAsync(client, "b", [1])).CreatedAt.Should().Be(time.GetUtcNow());
    }

    [Fact]
    public async Task The_same_seed_fails_the_same_calls()
    {
        async Task<string> RunAsync(int seed)
        {
            await using var client = new FaultyReplicaClient(new MemoryReplicaClient())
            {
                Script = FaultScript.Drawn(new Random(seed), 0.3, [.. Fault.Honest, .. Fault.Lying]),
            };
            for (var i = 0; i < 100; i++)
            {
                try
                {
                    await WriteAsync(client, $"{i}", [1, 2]);
                    await ListAsync(client, "");
                }
                catch (ReplicaException)
                {
                    // What this test is about.
                }
            }

            return string.Join('\n', client.Injected.Select(injected => $"{injected.Call} {injected.Fault.Kind}"));
        }

        var first = await RunAsync(1);

        first.Split('\n').Length.Should().BeInRange(20, 80);
        (await RunAsync(1)).Should().Be(first);
        (await RunAsync(2)).Should().NotBe(first);
    }

    protected override IReplicaClient CreateClient() => new FaultyReplicaClient(_store);

    private FaultyReplicaClient Faulty(int number, Fault fault) => new(_store) { Script = FaultScript.Once(number, fault) };
}
