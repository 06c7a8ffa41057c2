using Litestream.Shadow;
using Litestream.Testing;
using Litestream.Testing.Capture;

namespace Litestream.Core.Tests.Shadow;

/// <summary>
/// A mark on read lock 0 forbids everybody to write to the database file, so that the WAL can start over once and no more.
/// Locks can be lost: who closes any handle of a file drops all that the process holds on it. Others may then checkpoint
/// and restart the WAL as often as they like between two passes, and the WAL that is found is not the next one.
/// </summary>
public sealed class LostLocksTests : CaptureTest
{
    private const string First = "INSERT INTO t VALUES(randomblob(2000))";
    private const string Second = "INSERT INTO t VALUES('second')";

    private static readonly DateTime LongAgo = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>What others do behind the first commit while the lock is gone: a later WAL is found then, or none.</summary>
    public static TheoryData<bool, string, string> Losses
    {
        get
        {
            var data = new TheoryData<bool, string, string>();
            foreach (var isEmpty in new[] { true, false })
            {
                data.Add(isEmpty, "PRAGMA wal_checkpoint(TRUNCATE)", Second);
                data.Add(isEmpty, "PRAGMA wal_checkpoint(RESTART)", Second);
                data.Add(isEmpty, "PRAGMA wal_checkpoint(PASSIVE)", Second);
                data.Add(isEmpty, "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 1");
            }

            return data;
        }
    }

    [UnixTheory]
    [MemberData(nameof(Losses))]
    public async Task A_WAL_that_came_and_went_unseen_starts_a_generation(bool isEmpty, string checkpoint, string then)
    {
        var capture = OnLockZero(isEmpty);
        await LoseAsync(capture, checkpoint, then);

        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
    }

    [UnixTheory]
    [MemberData(nameof(Losses))]
    public async Task A_WAL_that_came_and_went_within_a_tick_of_the_file_systems_clock_starts_a_generation(
        bool isEmpty, string checkpoint, string then)
    {
        var capture = OnLockZero(isEmpty);
        var written = File.GetLastWriteTimeUtc(App.Path);
        await LoseAsync(capture, checkpoint, then);
        File.SetLastWriteTimeUtc(App.Path, written);

        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
    }

    [UnixTheory]
    [InlineData(Second)]
    [InlineData("SELECT * FROM t")]
    public async Task A_WAL_that_came_and_went_with_the_WAL_index_starts_a_generation(string then)
    {
        // Nobody has the database open: the WAL-index is built anew, and says nothing of what was.
        App.Close();
        File.SetLastWriteTimeUtc(App.Path, LongAgo);
        var capture = Capture().Start();
        capture.Compare();
        capture.Marks.Index.TryRead(out var before).Should().BeTrue();
        SharedFile.ReadAllBytes(App.Path + "-shm");

        // Each of them finds that nobody holds a lock, and builds the WAL-index anew.
        await ByAnotherAsync(First, "PRAGMA wal_checkpoint(TRUNCATE)");
        await ByAnotherAsync(then);
        capture.Marks.Index.TryRead(out var after).Should().BeTrue();
        after.ChangeCounter.Should().Be(before.ChangeCounter + after.MaxFrame, "or this would be no test of the time");

        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
    }

    [UnixFact]
    public async Task A_file_that_changed_unseen_is_not_recorded_as_one_without_a_WAL()
    {
        var capture = OnLockZero(isEmpty: true);
        await LoseAsync(capture, "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 1");
        capture.Sync.GoIdle();
        capture.Sync.State!.FileHash.Should().BeNull();

        capture.Stop();
        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalResetWhileAway);
    }

    [UnixFact]
    public async Task With_the_mark_taken_anew_the_lock_is_there_again()
    {
        var capture = OnLockZero(isEmpty: true);
        await LoseAsync(capture, "PRAGMA wal_checkpoint(TRUNCATE)", "SELECT 1");
        capture.RunOnce();
        capture.Compare();

        await ByAnotherAsync("PRAGMA busy_timeout=0", First, "PRAGMA wal_checkpoint(TRUNCATE)", Second);

        capture.Compare();
        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Image.Commits.Should().Be(2);
    }

    /// <summary>A mark on read lock 0: of a WAL that is empty, or of one that is wholly in the database.</summary>
    private CaptureFixture OnLockZero(bool isEmpty)
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture(Eager).Start();
        if (!isEmpty)
        {
            App.Insert(3);
            capture.RunOnce();
        }

        capture.Compare();
        capture.Marks.Mark.MayBeOnLockZero.Should().BeTrue();
        (capture.Sync.State!.Salts is null).Should().Be(isEmpty);
        return capture;
    }

    private async Task LoseAsync(CaptureFixture capture, string checkpoint, string then)
    {
        App.Close();

        // One that is there all the while, so that the WAL-index outlives the loss.
        await using var other = await OtherProcess.StartAsync(App.Path);
        await ExecuteAsync(other, "SELECT * FROM t");
        capture.RunOnce();

        // What a backup by File.Copy does: its close drops every lock that SQLite has in this process.
        SharedFile.ReadAllBytes(App.Path + "-shm");
        await ExecuteAsync(other, First, checkpoint, then);
    }

    /// <summary>A process that ends when it is done.</summary>
    private async Task ByAnotherAsync(params string[] statements)
    {
        await using var other = await OtherProcess.StartAsync(App.Path);
        await ExecuteAsync(other, statements);
        await other.CloseAsync();
    }

    private static async Task ExecuteAsync(OtherProcess process, params string[] statements)
    {
        foreach (var statement in statements)
        {
            (await process.ExecuteAsync(statement)).Should().NotStartWith("error");
        }
    }
}
