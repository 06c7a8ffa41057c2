using Litestream.Storage;
using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

public sealed class ReplicaReaderTests
{
    [Fact]
    public async Task Segments_of_a_newer_version_may_be_decoded_side_by_side()
    {
        using var directory = new TempDirectory();
        await using var client = new FileReplicaClient(directory.Path);
        var reading = SegmentTrailerCodec.ReadTail(TrailerFrame.Wrap(2, [1, 2, 3], TrailerFrame.SegmentMagic));
        var reader = new ReplicaReader(client, TimeProvider.System, NullLogger.Instance);
        var keys = Enumerable.Range(0, 200_000).Select(i => $"segment {i}").ToList();
        using var together = new Barrier(4);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Factory.StartNew(
            () =>
            {
                together.SignalAndWait();
                for (var i = worker; i < keys.Count; i += 4)
                {
                    reader.Accept(reading, keys[i]);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));

        keys.Where(key => !reader.HasNewerTrailer(key)).Should().BeEmpty();
    }
}
