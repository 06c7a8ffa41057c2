using Litestream.Testing;

namespace Litestream.Restore;

public sealed class RestoreRequestTests
{
    private static readonly ReplicationPosition Position = new("0123456789abcdef", 1, 4152);

    public static TheoryData<string, Action<RestoreOptions>> Nonsense() => new()
    {
        { "no path", options => options.OutputPath = "" },
        { "no downloads", options => options.Parallelism = 0 },
        { "too many downloads", options => options.Parallelism = 65 },
        { "index and time", options => (options.Index, options.Timestamp) = (1, DateTimeOffset.UnixEpoch) },
        { "index and position", options => (options.Index, options.Position) = (1, Position) },
        { "time and position", options => (options.Timestamp, options.Position) = (DateTimeOffset.UnixEpoch, Position) },
        { "negative index", options => options.Index = -1 },
        { "upper case", options => options.Generation = "0123456789ABCDEF" },
        { "a path as generation", options => options.Generation = "../../etc/passwd" },
        { "two generations", options => (options.Generation, options.Position) = ("ffffffffffffffff", Position) },
        { "empty position", options => options.Position = default(ReplicationPosition) },
        { "negative offset", options => options.Position = Position with { Offset = -1 } },
        { "unknown check", options => options.IntegrityCheck = (IntegrityCheck)99 },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Nonsense_is_refused_before_anything_is_read(string what, Action<RestoreOptions> change)
    {
        using var directory = new TempDirectory();
        var store = new ObjectStore { Order = _ => throw new InvalidOperationException("The replica was listed.") };
        var options = new RestoreOptions { OutputPath = directory.File("app.db") };
        change(options);

        var restoring = () => store.RestoreAsync(options);

        await restoring.Should().ThrowAsync<ArgumentException>(what);
        Directory.EnumerateFileSystemEntries(directory.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task An_empty_replica_holds_no_backup()
    {
        using var directory = new TempDirectory();
        await using var client = new FileReplicaClient(directory.File("replica"));
        Directory.CreateDirectory(directory.File("replica"));

        var restoring = () => client.RestoreAsync(new RestoreOptions { OutputPath = directory.File("app.db") });

        await restoring.Should().ThrowAsync<BackupNotFoundException>().WithMessage("*no backup*");
    }
}
