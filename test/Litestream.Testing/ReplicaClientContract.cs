namespace Litestream.Testing;

/// <summary>
/// What <see cref="IReplicaClient"/> promises, sentence by sentence. Every client's test class inherits it and makes clients
/// of one store, empty at first, that belongs to the test.
/// </summary>
public abstract class ReplicaClientContract
{
    private const string Wal = "generations/0123456789abcdef/wal/";

    public static TheoryData<string> BadKeys => new("", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "../a", "a/..");

    /// <summary>
    /// How much later than in a listing an object's time may be where it was written: a bucket's answer has no time of the
    /// object, only of itself.
    /// </summary>
    protected virtual TimeSpan LatestAnswer => TimeSpan.Zero;

    /// <summary>A client of the test's store.</summary>
    protected abstract IReplicaClient CreateClient();

    [Fact]
    public async Task A_new_store_lists_nothing()
    {
        await using var client = CreateClient();

        (await ListAsync(client, "")).Should().BeEmpty();
        (await ListAsync(client, "generations/")).Should().BeEmpty();
        (await PrefixesAsync(client, "")).Should().BeEmpty();
        (await PrefixesAsync(client, "generations/")).Should().BeEmpty();
    }

    [Fact]
    public async Task The_location_holds_no_user_information()
    {
        await using var client = CreateClient();

        client.Location.UserInfo.Should().BeEmpty();
    }

    [Fact]
    public async Task Returns_an_object_as_the_store_lists_it()
    {
        await using var client = CreateClient();

        var written = await WriteAsync(client, "a/b", [1, 2, 3]);

        written.Key.Should().Be("a/b");
        written.Size.Should().Be(3);
        ShouldBe((await ListAsync(client, "")).Should().ContainSingle().Subject, written);
    }

    [Fact]
    public async Task Another_client_of_the_store_sees_what_was_written()
    {
        await using var client = CreateClient();
        await using var other = CreateClient();

        await WriteAsync(client, "a/b", [1, 2, 3]);

        (await ReadAsync(other, "a/b")).Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task Lists_in_ordinal_order_of_the_whole_key()
    {
        await using var client = CreateClient();
        string[] keys = ["a-b", "a.b/c", "a/b", "a/c/d", "a/c0", "a0", "b/Z", "b/_", "b/a"];
        foreach (var key in keys.Reverse())
        {
            await WriteAsync(client, key, [1]);
        }

        (await ListAsync(client, "")).Select(o => o.Key).Should().Equal(keys);
        (await ListAsync(client, "a")).Select(o => o.Key).Should().Equal(keys[..6]);
    }

    [Fact]
    public async Task Lists_only_keys_that_begin_with_the_prefix()
    {
        await using var client = CreateClient();
        string[] keys = [$"{Wal}00000000_00000000.wal.lz4", $"{Wal}00000001_00000000.wal.lz4", $"{Wal}00000001_00001038.wal.lz4"];
        foreach (var key in keys)
        {
            await WriteAsync(client, key, [1]);
        }

        (await ListAsync(client, "generations/0123456789abcdef/")).Select(o => o.Key).Should().Equal(keys);
        (await ListAsync(client, $"{Wal}00000001_")).Select(o => o.Key).Should().Equal(keys[1..]);
        (await ListAsync(client, keys[2])).Select(o => o.Key).Should().Equal(keys[2]);
        (await ListAsync(client, "gener")).Select(o => o.Key).Should().Equal(keys);
        (await ListAsync(client, "generations/0123456789abcdee/")).Should().BeEmpty();
        (await ListAsync(client, $"{keys[2]}/")).Should().BeEmpty();
        (await ListAsync(client, "snapshots/")).Should().BeEmpty();
    }

    [Fact]
    public async Task Lists_the_distinct_segments_that_keys_go_on_behind()
    {
        await using var client = CreateClient();
        foreach (var key in new[] { "g/b/x", "g/b/y/z", "g/a-b/x", "g/a/x", "g/file", "h/c/x", "top" })
        {
            await WriteAsync(client, key, [1]);
        }

        (await PrefixesAsync(client, "")).Should().Equal("g", "h");
        (await PrefixesAsync(client, "g/")).Should().Equal("a", "a-b", "b");
        (await PrefixesAsync(client, "g/b/")).Should().Equal("y");
        (await PrefixesAsync(client, "g/file/")).Should().BeEmpty();
        (await PrefixesAsync(client, "none/")).Should().BeEmpty();
    }

    [Fact]
    public async Task A_prefix_of_folders_ends_in_a_slash()
    {
        await using var client = CreateClient();
        var list = () => PrefixesAsync(client, "generations");

        await list.Should().ThrowAsync<ArgumentException>();
    }

    [Theory]
    [InlineData(0, null, new byte[] { 1, 2, 3, 4, 5 })]
    [InlineData(2, null, new byte[] { 3, 4, 5 })]
    [InlineData(0, 2L, new byte[] { 1, 2 })]
    [InlineData(1, 3L, new byte[] { 2, 3, 4 })]
    [InlineData(4, 1L, new byte[] { 5 })]
    [InlineData(3, 100L, new byte[] { 4, 5 })]
    [InlineData(3, long.MaxValue, new byte[] { 4, 5 })]
    [InlineData(2, 0L, new byte[0])]
    [InlineData(5, null, new byte[0])]
    [InlineData(5, 1L, new byte[0])]
    [InlineData(1000, null, new byte[0])]
    [InlineData(1000, 1L, new byte[0])]
    public async Task Reads_a_range(long offset, long? length, byte[] expected)
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a/b", [1, 2, 3, 4, 5]);

        (await ReadAsync(client, "a/b", offset, length)).Should().Equal(expected);
    }

    [Fact]
    public async Task Refuses_a_range_that_begins_before_the_object()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a/b", [1, 2, 3, 4, 5]);
        var negativeOffset = () => ReadAsync(client, "a/b", -1);
        var negativeLength = () => ReadAsync(client, "a/b", 0, -1);

        await negativeOffset.Should().ThrowAsync<ArgumentException>();
        await negativeLength.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_not_found()
    {
        await using var client = CreateClient();
        var nothing = () => ReadAsync(client, "a/b");
        await nothing.Should().ThrowAsync<ReplicaObjectNotFoundException>();
        await WriteAsync(client, "a/b/c", [1]);
        var folder = () => ReadAsync(client, "a/b");
        var sibling = () => ReadAsync(client, "a/b/d", 3, 4);

        (await folder.Should().ThrowAsync<ReplicaObjectNotFoundException>()).Which.Key.Should().Be("a/b");
        (await sibling.Should().ThrowAsync<ReplicaObjectNotFoundException>()).Which.IsTransient.Should().BeFalse();
    }

    [Fact]
    public async Task Replaces_an_object_as_a_whole()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a/b", [1, 2, 3, 4, 5]);

        await WriteAsync(client, "a/b", [9]);

        (await ReadAsync(client, "a/b")).Should().Equal(9);
        (await ListAsync(client, "")).Single().Size.Should().Be(1);
    }

    [Fact]
    public async Task Does_not_create_an_object_that_exists()
    {
        await using var client = CreateClient();
        var first = await WriteAsync(client, "a/b", [1, 2, 3], WriteMode.CreateNew);
        var again = () => WriteAsync(client, "a/b", [9], WriteMode.CreateNew);

        (await again.Should().ThrowAsync<ReplicaObjectExistsException>()).Which.Key.Should().Be("a/b");

        (await ReadAsync(client, "a/b")).Should().Equal(1, 2, 3);
        ShouldBe((await ListAsync(client, "")).Should().ContainSingle().Subject, first);
    }

    [Fact]
    public async Task Of_many_that_create_one_object_one_succeeds()
    {
        await using var client = CreateClient();
        await using var other = CreateClient();

        var attempts = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            try
            {
                await WriteAsync(i % 2 == 0 ? client : other, "a/b", [.. Enumerable.Repeat((byte)i, 100_000)], WriteMode.CreateNew);
                return i;
            }
            catch (ReplicaObjectExistsException)
            {
                return -1;
            }
        }));
        var winner = (await Task.WhenAll(attempts)).Single(i => i >= 0);

        (await ReadAsync(client, "a/b")).Should().Equal(Enumerable.Repeat((byte)winner, 100_000));
        (await ListAsync(client, "")).Should().HaveCount(1);
    }

    [Fact]
    public async Task Writes_from_the_current_position_and_leaves_the_stream_open()
    {
        await using var client = CreateClient();
        using var content = new MemoryStream([1, 2, 3, 4]);
        content.Position = 1;

        await client.WriteAsync("a/b", content);

        content.CanRead.Should().BeTrue();
        (await ReadAsync(client, "a/b")).Should().Equal(2, 3, 4);
    }

    [Fact]
    public async Task Refuses_content_that_cannot_seek()
    {
        await using var client = CreateClient();
        await using var content = new System.IO.Compression.DeflateStream(new MemoryStream(), System.IO.Compression.CompressionMode.Decompress);
        var write = () => client.WriteAsync("a/b", content);

        await write.Should().ThrowAsync<ArgumentException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9 * 1024 * 1024)]
    public async Task Keeps_objects_of_any_size(int length)
    {
        await using var client = CreateClient();
        var content = new byte[length];
        new Random(length).NextBytes(content);

        await WriteAsync(client, "a/b", content, WriteMode.CreateNew);

        (await ListAsync(client, "a/")).Single().Size.Should().Be(length);
        (await ReadAsync(client, "a/b")).AsSpan().SequenceEqual(content).Should().BeTrue();
        (await ReadAsync(client, "a/b", length / 2, 1000)).Should().Equal(content.Skip(length / 2).Take(1000));
    }

    [Fact]
    public async Task Keeps_keys_as_they_are()
    {
        await using var client = CreateClient();
        const string key = "a b/c%20d+e#f&g=h/ü";

        await WriteAsync(client, key, [1, 2]);

        (await ListAsync(client, "a b/c%20")).Single().Key.Should().Be(key);
        (await PrefixesAsync(client, "a b/")).Should().Equal("c%20d+e#f&g=h");
        (await ReadAsync(client, key)).Should().Equal(1, 2);
        await client.DeleteAsync([key]);
        (await ListAsync(client, "")).Should().BeEmpty();
    }

    [Fact]
    public async Task Deletes_objects_and_passes_over_those_that_are_not_there()
    {
        await using var client = CreateClient();
        string[] keys = [.. Enumerable.Range(0, 12).Select(i => $"g/{i:x8}/wal")];
        foreach (var key in keys)
        {
            await WriteAsync(client, key, [1]);
        }

        await client.DeleteAsync([.. keys[2..], "g/none", "none/none/none", keys[5]]);

        (await ListAsync(client, "")).Select(o => o.Key).Should().Equal(keys[..2]);
        (await PrefixesAsync(client, "g/")).Should().Equal("00000000", "00000001");
        await client.DeleteAsync([]);
        await client.DeleteAsync(["g"]);
        (await ListAsync(client, "")).Should().HaveCount(2);
    }

    [Fact]
    public async Task Writes_again_where_everything_was_deleted()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "g/a/b", [1]);
        await client.DeleteAsync(["g/a/b"]);

        await WriteAsync(client, "g/a/b", [2], WriteMode.CreateNew);

        (await ReadAsync(client, "g/a/b")).Should().Equal(2);
    }

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task Refuses_what_is_no_key(string key)
    {
        await using var client = CreateClient();
        Func<Task>[] calls =
        [
            () => ReadAsync(client, key),
            () => WriteAsync(client, key, [1]),
            () => client.DeleteAsync(["a", key]),
        ];

        foreach (var call in calls)
        {
            await call.Should().ThrowAsync<ArgumentException>();
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a//")]
    [InlineData("a/../")]
    [InlineData("../")]
    [InlineData("./b")]
    public async Task Refuses_a_prefix_that_no_key_has(string prefix)
    {
        await using var client = CreateClient();
        var list = () => ListAsync(client, prefix);

        await list.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Gives_up_when_cancelled()
    {
        await using var client = CreateClient();
        await WriteAsync(client, "a/b", [1]);
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        Func<Task>[] calls =
        [
            async () => await client.ListAsync("", source.Token).GetAsyncEnumerator(source.Token).MoveNextAsync(),
            async () => await client.ListPrefixesAsync("", source.Token).GetAsyncEnumerator(source.Token).MoveNextAsync(),
            () => client.OpenReadAsync("a/b", cancellationToken: source.Token),
            () => client.WriteAsync("a/c", new MemoryStream([1]), cancellationToken: source.Token),
            () => client.DeleteAsync(["a/b"], source.Token),
        ];

        foreach (var call in calls)
        {
            await call.Should().ThrowAsync<OperationCanceledException>();
        }

        (await ListAsync(client, "")).Select(o => o.Key).Should().Equal("a/b");
    }

    [Fact]
    public async Task Serves_concurrent_calls()
    {
        await using var client = CreateClient();

        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var key = $"g/{i % 4}/{i}";
            await WriteAsync(client, key, [(byte)i]);
            (await ReadAsync(client, key)).Should().Equal((byte)i);
            (await ListAsync(client, $"g/{i % 4}/")).Should().Contain(o => o.Key == key);
            if (i % 2 == 1)
            {
                await client.DeleteAsync([key]);
            }
        })));

        (await ListAsync(client, "")).Should().HaveCount(8);
    }

    private void ShouldBe(ReplicaObject listed, ReplicaObject written)
    {
        (listed with { CreatedAt = written.CreatedAt }).Should().Be(written);
        listed.CreatedAt.Should().BeCloseTo(written.CreatedAt, LatestAnswer);
    }

    protected static async Task<List<ReplicaObject>> ListAsync(IReplicaClient client, string prefix) =>
        await client.ListAsync(prefix).ToListAsync();

    protected static async Task<List<string>> PrefixesAsync(IReplicaClient client, string prefix) =>
        await client.ListPrefixesAsync(prefix).ToListAsync();

    protected static async Task<byte[]> ReadAsync(IReplicaClient client, string key, long offset = 0, long? length = null)
    {
        await using var stream = await client.OpenReadAsync(key, offset, length);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray();
    }

    protected static Task<ReplicaObject> WriteAsync(
        IReplicaClient client, string key, byte[] content, WriteMode mode = WriteMode.Replace) =>
        client.WriteAsync(key, new MemoryStream(content), mode);
}
