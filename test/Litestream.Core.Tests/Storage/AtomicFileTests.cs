using Litestream.Storage;
using Litestream.Testing;

namespace Litestream.Core.Tests.Storage;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Target => _directory.File("state");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Writes_a_file_and_replaces_it()
    {
        AtomicFile.Write(Target, "one"u8);
        AtomicFile.Write(Target, "a second time"u8);

        File.ReadAllText(Target).Should().Be("a second time");
        Directory.GetFiles(_directory.Path).Should().Equal(Target);
    }

    // Windows lets a reader that does not expect it keep its file from being replaced.
    [UnixFact]
    public void A_reader_sees_the_old_content_or_the_new_and_never_less()
    {
        var contents = new[] { new string('a', 100_000), new string('b', 50_000) };
        AtomicFile.Write(Target, System.Text.Encoding.ASCII.GetBytes(contents[0]));
        using var done = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                AtomicFile.Write(Target, System.Text.Encoding.ASCII.GetBytes(contents[i % 2]));
            }

            done.Cancel();
        });

        while (!done.IsCancellationRequested && !writer.IsCompleted)
        {
            contents.Should().Contain(File.ReadAllText(Target));
        }

        writer.Exception.Should().BeNull();
    }

    [Fact]
    public void Keeps_what_was_there_when_it_fails()
    {
        var target = Path.Join(_directory.Path, "folder");
        Directory.CreateDirectory(target);
        var write = () => AtomicFile.Write(target, "x"u8);

        // A folder cannot be replaced by a file.
        write.Should().Throw<Exception>().Which.Should().Match(e => e is IOException || e is UnauthorizedAccessException);

        Directory.EnumerateFileSystemEntries(_directory.Path).Should().Equal(target);
    }

    [Fact]
    public void Gives_a_new_name_only_once()
    {
        var temporary = AtomicFile.TemporaryPath(Target);
        File.WriteAllText(temporary, "one");
        AtomicFile.Publish(temporary, Target, overwrite: false).Should().BeTrue();
        File.Exists(temporary).Should().BeFalse();
        File.WriteAllText(temporary, "two");

        AtomicFile.Publish(temporary, Target, overwrite: false).Should().BeFalse();

        File.ReadAllText(Target).Should().Be("one");
        File.Exists(temporary).Should().BeTrue();
    }

    [Fact]
    public void Temporary_names_differ_and_end_in_tmp()
    {
        var names = Enumerable.Range(0, 100).Select(_ => AtomicFile.TemporaryPath(Target)).ToList();

        names.Should().OnlyHaveUniqueItems().And.OnlyContain(name => name.StartsWith(Target) && name.EndsWith(".tmp"));
    }

    [UnixFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void Keeps_the_access_rights_asked_for()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        AtomicFile.Write(Target, "one"u8, mode);

        File.GetUnixFileMode(Target).Should().Be(mode);
    }

    [Fact]
    public void Creates_a_folder_and_says_what_was_missing()
    {
        var (a, b) = (_directory.File("a"), Path.Join(_directory.Path, "a", "b"));

        AtomicFile.CreateDirectory(b).Should().Equal(a, b);
        AtomicFile.CreateDirectory(b).Should().BeEmpty();

        Directory.Exists(b).Should().BeTrue();
    }

    [Fact]
    public void Syncing_a_folder_that_is_gone_fails()
    {
        var sync = () => AtomicFile.SyncDirectory(_directory.File("gone"));

        if (!OperatingSystem.IsWindows())
        {
            sync.Should().Throw<DirectoryNotFoundException>();
        }
    }
}
