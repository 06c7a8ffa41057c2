using Microsoft.AspNetCore.Http;

namespace Litestream.S3;

/// <summary>A listing that is not whole must never look like one that is.</summary>
public sealed class HostileListingTests : IAsyncLifetime
{
    private const string A = "<Contents><Key>app/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>";
    private const string B = "<Contents><Key>app/b</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>";
    private const string More = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";

    private FakeStore _store = null!;

    public async Task InitializeAsync() => _store = await FakeStore.StartAsync();

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Theory]
    [InlineData("a token comes again", "came twice", A + More, B + More, More)]
    [InlineData("a page repeats keys", "comes after", A + More, A)]
    [InlineData("a page goes back", "comes after", B + More, A)]
    [InlineData("keys without order", "comes after", B + A)]
    [InlineData("cut off without a token", "without a token", A + "<IsTruncated>true</IsTruncated>")]
    [InlineData("another prefix", "does not begin", "<Contents><Key>other/a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>")]
    [InlineData("a shorter key than the prefix", "does not begin", "<Contents><Key>ap</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>")]
    [InlineData("no size", "no size or no time", "<Contents><Key>app/a</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>")]
    [InlineData("no time", "no size or no time", "<Contents><Key>app/a</Key><Size>1</Size></Contents>")]
    [InlineData("no key", "no size or no time", "<Contents><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>")]
    [InlineData("a negative size", "no size or no time", "<Contents><Key>app/a</Key><Size>-1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>")]
    public async Task Is_refused(string what, string because, params string[] pages)
    {
        Answer(pages);
        await using var client = _store.CreateClient("app");
        var list = () => client.ListAsync("").ToListAsync().AsTask();

        (await list.Should().ThrowAsync<ReplicaException>($"of {what}")).WithMessage($"*{because}*").Which.Should().NotBeOfType<BackupNotFoundException>();
    }

    [Theory]
    [InlineData("<CommonPrefixes><Prefix>other/</Prefix></CommonPrefixes>")]
    [InlineData("<CommonPrefixes><Prefix>app/g</Prefix></CommonPrefixes>")]
    [InlineData("<CommonPrefixes><Prefix>app/</Prefix></CommonPrefixes>")]
    [InlineData("<CommonPrefixes><Prefix>app/b/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>app/a/</Prefix></CommonPrefixes>")]
    public async Task Of_folders_is_refused(string page)
    {
        Answer(page);
        await using var client = _store.CreateClient("app");
        var list = () => client.ListPrefixesAsync("").ToListAsync().AsTask();

        await list.Should().ThrowAsync<ReplicaException>().WithMessage("*cannot be trusted*");
    }

    [Fact]
    public async Task Passes_over_what_no_client_could_name()
    {
        string[] others = ["app/", "app/generations/", "app/a//b", "app/./c", "app//x"];
        foreach (var key in others.Append("app/a/b"))
        {
            _store.Put(key, [1]);
        }

        await using var client = _store.CreateClient("app");

        (await client.ListAsync("").ToListAsync()).Select(found => found.Key).Should().Equal("a/b");
    }

    [Fact]
    public async Task Goes_on_over_pages_with_nothing_on_them()
    {
        Answer(More, A + "<IsTruncated>true</IsTruncated><NextContinuationToken>u</NextContinuationToken>", B);
        await using var client = _store.CreateClient("app");

        (await client.ListAsync("").ToListAsync()).Select(found => found.Key).Should().Equal("a", "b");
    }

    [Fact]
    public async Task That_breaks_off_in_the_middle_is_an_error_and_not_an_end()
    {
        _store.PageSize = 1;
        _store.Put("app/a", [1]);
        _store.Put("app/b", [1]);
        _store.Intercept = async (context, request) =>
        {
            if (request.Query.ContainsKey("continuation-token"))
            {
                await FakeStore.ErrorAsync(context, 503, "SlowDown");
                return true;
            }

            return false;
        };
        await using var client = _store.CreateClient("app");
        var list = () => client.ListAsync("").ToListAsync().AsTask();

        await list.Should().ThrowAsync<ReplicaException>();
    }

    private void Answer(params string[] pages)
    {
        var next = 0;
        _store.Intercept = async (context, _) =>
        {
            await context.Response.WriteAsync(
                $"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>testbucket</Name>{pages[Math.Min(next++, pages.Length - 1)]}</ListBucketResult>");
            return true;
        };
    }
}
