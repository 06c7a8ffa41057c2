using Litestream.AspNetCore.StatusPage;
using Microsoft.Extensions.Time.Testing;

namespace Litestream.StatusPage;

/// <summary>The small parts: addresses, paths, rings.</summary>
public sealed class WordsTests
{
    [Theory]
    [InlineData("s3://bucket/app", "s3://bucket/app")]
    [InlineData("s3://bucket/app?endpoint=https://store:9000&region=eu", "s3://bucket/app?endpoint=https://store:9000&region=eu")]
    [InlineData("s3://key:secret@bucket/app?secret=1&region=eu#secret", "s3://bucket/app?region=eu")]
    [InlineData("s3://bucket/app?endpoint=https://key:secret@store", "s3://bucket/app")]
    [InlineData("other://a:b@c@host/x?token=secret", "other://host/x")]
    [InlineData("backups/app", null)]
    [InlineData("/var/backups/app", null)]
    [InlineData("file:///var/backups/app", null)]
    [InlineData("", null)]
    public void An_address_tells_no_secret_and_no_folder(string url, string? shown)
    {
        ReplicaAddress.Show(url, "/srv/app", showPaths: false).Should().Be(shown);
    }

    [Fact]
    public void A_folder_is_told_as_the_command_line_takes_it()
    {
        var root = Path.GetTempPath();

        ReplicaAddress.Show("backups/my app", root, showPaths: true).Should().Be(new Uri(Path.Combine(root, "backups/my app")).AbsoluteUri);
    }

    [Theory]
    [InlineData("'/var/my data/app.db' could not be read", "'…/app.db' could not be read")]
    [InlineData("/var/data/app.db: the disk is full", "…/app.db: the disk is full")]
    [InlineData("could not open /srv/x/y.", "could not open …/y.")]
    [InlineData(@"'C:\data\app.db' is locked", "'…/app.db' is locked")]
    [InlineData(@"C:\data\app.db is locked", "…/app.db is locked")]
    [InlineData("The replica 'file:///var/backups/app' could not be read", "The replica 'file:///…/app' could not be read")]
    [InlineData("s3://bucket/a/b and https://host/a/b and generations/0123/wal/x stay", "s3://bucket/a/b and https://host/a/b and generations/0123/wal/x stay")]
    [InlineData("at 0123456789abcdef/00000001:00001038 and 3/4", "at 0123456789abcdef/00000001:00001038 and 3/4")]
    [InlineData("in /known folder/deep/app.db-wal and /known folder", "in …/deep/app.db-wal and …")]
    public void A_text_keeps_the_names_of_files_and_loses_their_folders(string text, string hidden)
    {
        LocalPaths.Hide(text, "/known folder/app.db").Should().Be(hidden);
    }

    [Fact]
    public void The_ring_keeps_ten_minutes_and_knows_when_nobody_knew()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        var ring = new LagRing(121);
        for (var i = 0; i < 300; i++)
        {
            ring.Add(time.GetUtcNow(), i % 2 == 0 ? null : i);
            time.Advance(LagHistory.Step);
        }

        var samples = ring.Since(time.GetUtcNow() - LagHistory.Window).ToList();

        samples.Should().HaveCount(120).And.BeInAscendingOrder(sample => sample.At);
        samples[^1].Seconds.Should().Be(299);
        samples[^2].Seconds.Should().BeNull();
    }

    [Fact]
    public void A_disk_that_is_too_small_is_noticed_before_anything_is_written()
    {
        using var folder = new Testing.TempDirectory();
        using (var file = File.Create(folder.File("huge.db")))
        {
            // Takes no room: it is one hole. Far more than this disk has free.
            file.SetLength(Math.Min(1L << 43, new DriveInfo(folder.Path).AvailableFreeSpace * 4));
        }

        DiskSpace.Problem(folder.File("huge.db"), folder.Path).Should().Contain("not enough room");
        DiskSpace.Problem(folder.File("none.db"), folder.Path).Should().BeNull();
    }

    [Fact]
    public void Previous_databases_are_found_by_their_names_alone()
    {
        using var folder = new Testing.TempDirectory();
        foreach (var name in new[]
        {
            "app.db", "app.db.before-restore-20261128T034645Z", "app.db.before-restore-20261128T034645Z-2", "app.db.before-restore-20261127T000000Z",
            "app.db.before-restore-20261128T034645Z-wal", "app.db.before-restore-../x", "app.db.before-restore-", "other.db.before-restore-20261128T034645Z",
        })
        {
            if (!name.Contains('/'))
            {
                File.WriteAllText(folder.File(name), "x");
            }
        }

        PreviousDatabases.Find(folder.File("app.db")).Select(previous => previous.File).Should().Equal(
            "app.db.before-restore-20261128T034645Z-2", "app.db.before-restore-20261128T034645Z", "app.db.before-restore-20261127T000000Z");
        PreviousDatabases.Find(folder.File("nowhere/app.db")).Should().BeEmpty();
    }
}
