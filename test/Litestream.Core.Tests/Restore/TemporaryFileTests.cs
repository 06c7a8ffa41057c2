using Litestream.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.Restore;

public sealed class TemporaryFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Target => _directory.File("app.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task What_a_killed_restore_left_is_removed_by_the_next_one_to_the_same_path()
    {
        var left = $"{Target}.tmp-{Guid.NewGuid():n}";
        foreach (var suffix in (string[])["", ".frames", "-wal", "-shm", "-journal", ".lock"])
        {
            await File.WriteAllTextAsync(left + suffix, "left");
        }

        var history = SyntheticHistory.Create(71);
        await RestoreAsync(history);

        Directory.EnumerateFiles(_directory.Path).Should().Equal(Target);
    }

    [Fact]
    public void What_another_restore_is_at_stays()
    {
        using var other = new TemporaryFile(Target);
        File.WriteAllText(other.Path, "half");

        TemporaryFile.RemoveStale(Target).Should().BeEmpty();

        File.Exists(other.Path).Should().BeTrue();
    }

    [Theory]
    [InlineData("app.db.tmp-0123456789abcdef0123456789abcdeg")]
    [InlineData("app.db.tmp-0123456789abcdef")]
    [InlineData("app.db.tmp-0123456789abcdef0123456789abcdef.bak")]
    [InlineData("other.db.tmp-0123456789abcdef0123456789abcdef")]
    [InlineData("app.db")]
    public void What_is_not_ours_stays(string name)
    {
        File.WriteAllText(_directory.File(name), "mine");

        TemporaryFile.RemoveStale(Target).Should().BeEmpty();

        File.Exists(_directory.File(name)).Should().BeTrue();
    }

    [Fact]
    public void Leaves_nothing_when_it_is_done()
    {
        using (var file = new TemporaryFile(Target))
        {
            File.WriteAllText(file.Path, "half");
            File.WriteAllText(file.ScratchPath, "frames");
        }

        Directory.EnumerateFiles(_directory.Path).Should().BeEmpty();
    }

    private Task<RestoreResult> RestoreAsync(SyntheticHistory history) =>
        new RestoreRunner(history.Store, null, NullLogger.Instance, new InstantTimeProvider(history.Now)).RunAsync(
            new RestoreOptions { OutputPath = Target, IntegrityCheck = IntegrityCheck.None }, CancellationToken.None);
}
