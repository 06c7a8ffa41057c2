using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Core.Tests.Storage;

public class TrailerReadingTests
{
    private static readonly string Key = ReplicaLayout.SegmentKey("0123456789abcdef", 3, 0);

    private readonly MemoryReplicaClient _client = new();

    [Theory]
    [InlineData(1)]
    [InlineData(100_000)]
    public async Task Finds_the_trailer_behind_the_data(int dataLength)
    {
        var frame = SegmentTrailerCodec.Encode(TrailerTests.Segment());
        var item = await WriteAsync([.. new byte[dataLength], .. frame]);

        var reading = await SegmentTrailerCodec.ReadAsync(_client, item, CancellationToken.None);

        reading.State.Should().Be(TrailerState.Sound);
        reading.Length.Should().Be(frame.Length);
        reading.Trailer!.EndOffset.Should().Be(TrailerTests.Segment().EndOffset);
    }

    [Fact]
    public async Task Finds_a_trailer_longer_than_the_first_request()
    {
        var commits = Enumerable.Range(1, 20_000).Select(i => new CommitTime(i, DateTimeOffset.UnixEpoch.AddSeconds(i))).ToArray();
        var frame = SegmentTrailerCodec.Encode(TrailerTests.Segment() with { Commits = commits });
        frame.Length.Should().BeGreaterThan(4096);
        var item = await WriteAsync([.. new byte[10], .. frame]);

        var reading = await SegmentTrailerCodec.ReadAsync(_client, item, CancellationToken.None);

        reading.Trailer!.Commits.Should().Equal(commits);
    }

    [Fact]
    public async Task Litestreams_own_objects_have_none()
    {
        var item = await WriteAsync(await Lz4FrameTests.EncodeAsync([1, 2, 3]));

        (await SegmentTrailerCodec.ReadAsync(_client, item, CancellationToken.None)).State.Should().Be(TrailerState.None);
        (await SnapshotTrailerCodec.ReadAsync(_client, item, CancellationToken.None)).State.Should().Be(TrailerState.None);
    }

    [Fact]
    public async Task An_empty_object_has_none()
    {
        var item = await WriteAsync([]);

        (await SegmentTrailerCodec.ReadAsync(_client, item, CancellationToken.None)).State.Should().Be(TrailerState.None);
    }

    [Fact]
    public async Task A_trailer_without_data_is_damage()
    {
        var frame = SegmentTrailerCodec.Encode(TrailerTests.Segment());

        (await SegmentTrailerCodec.ReadAsync(_client, await WriteAsync(frame), CancellationToken.None)).State.Should().Be(TrailerState.Damaged);
        (await SegmentTrailerCodec.ReadAsync(_client, await WriteAsync(frame[4..]), CancellationToken.None)).State.Should().Be(TrailerState.Damaged);
    }

    [Fact]
    public async Task An_object_that_became_shorter_is_not_taken_for_one_without_trailer()
    {
        var item = await WriteAsync(SegmentTrailerCodec.Encode(TrailerTests.Segment()));
        await WriteAsync([1, 2, 3]);
        var read = () => SegmentTrailerCodec.ReadAsync(_client, item, CancellationToken.None);

        (await read.Should().ThrowAsync<ReplicaException>()).WithMessage($"*{Key}*").Which.IsTransient.Should().BeTrue();
    }

    [Fact]
    public async Task The_data_is_read_up_to_the_trailer()
    {
        byte[] content = [1, 2, 3, 4, 5];
        await WriteAsync([.. await Lz4FrameTests.EncodeAsync(content), .. SegmentTrailerCodec.Encode(TrailerTests.Segment())]);
        await using var decoder = Lz4Frame.OpenDecoder(await _client.OpenReadAsync(Key), Key);
        using var decoded = new MemoryStream();

        await decoder.CopyToAsync(decoded);

        decoded.ToArray().Should().Equal(content);
    }

    private Task<ReplicaObject> WriteAsync(byte[] content) => _client.WriteAsync(Key, new MemoryStream(content));
}
