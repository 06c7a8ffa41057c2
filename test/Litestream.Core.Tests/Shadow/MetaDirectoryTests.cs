using Litestream.Shadow;
using Litestream.Testing;

namespace Litestream.Core.Tests.Shadow;

public sealed class MetaDirectoryTests : IDisposable
{
    private const string Generation = "0123456789abcdef";

    private readonly TempDirectory _directory = new();
    private readonly MetaDirectory _meta;

    public MetaDirectoryTests()
    {
        var database = _directory.File("app.db");
        _meta = new MetaDirectory(MetaDirectory.DefaultPath(database), database);
        _meta.Create();
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Lies_beside_the_database()
    {
        _meta.Path.Should().Be(_directory.File(".app.db-litestream-net"));
        Directory.Exists(_meta.Path).Should().BeTrue();
    }

    [Fact]
    public void Is_locked_by_one_at_a_time()
    {
        using (_meta.TryLock().Should().NotBeNull().And.Subject as IDisposable)
        {
            _meta.TryLock().Should().BeNull();
            new MetaDirectory(_meta.Path, _directory.File("app.db")).TryLock().Should().BeNull();
        }

        using var again = _meta.TryLock();
        again.Should().NotBeNull();
    }

    [Fact]
    public void Keeps_the_state()
    {
        _meta.ReadState(out var problem).Should().BeNull();
        problem.Should().BeNull("there is none yet");
        var state = new ShadowState(Generation, 7, 512, GenerationReason.NoneYet, DateTimeOffset.UnixEpoch);

        _meta.WriteState(state);
        _meta.WriteState(state with { Index = 8 });

        _meta.ReadState(out _).Should().Be(state with { Index = 8 });
        Directory.GetFiles(_meta.Path).Should().ContainSingle("nothing temporary is left");
        _meta.DeleteState();
        _meta.ReadState(out problem).Should().BeNull();
        problem.Should().BeNull();
    }

    [Fact]
    public void Empties_the_spool_when_it_is_made()
    {
        File.WriteAllText(Path.Combine(_meta.SpoolPath, "left over"), "");

        _meta.Create();

        Directory.GetFiles(_meta.SpoolPath).Should().BeEmpty();
    }

    [Fact]
    public void Lists_indexes_and_generations_and_passes_over_what_is_neither()
    {
        foreach (var index in new[] { 0x1f, 2, 0 })
        {
            File.WriteAllText(_meta.ShadowFile(Generation, index).Path, "");
        }

        var folder = Path.GetDirectoryName(_meta.ShadowFile(Generation, 0).Path)!;
        foreach (var name in new[] { "stray.wal", "ffffffff.wal", "00000003.times", "000000003.wal", "0000000g.wal" })
        {
            File.WriteAllText(Path.Combine(folder, name), "");
        }

        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(folder)!, "no generation"));

        _meta.Indexes(Generation).Should().Equal(0, 2, 0x1f);
        _meta.Generations().Should().Equal(Generation);
        _meta.DeleteGeneration(Generation);
        _meta.Generations().Should().BeEmpty();
        _meta.Indexes(Generation).Should().BeEmpty();
    }

    [UnixFact]
    public void Is_as_open_to_others_as_the_folder_of_the_database()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var closed = Directory.CreateDirectory(_directory.File("closed")).FullName;
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var meta = new MetaDirectory(Path.Combine(closed, "meta"), Path.Combine(closed, "app.db"));

        meta.Create();

        File.GetUnixFileMode(meta.Path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
