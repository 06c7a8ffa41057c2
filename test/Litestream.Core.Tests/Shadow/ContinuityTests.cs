using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Testing.Capture;
using Litestream.Wal;

namespace Litestream.Core.Tests.Shadow;

/// <summary>When a generation goes on, and for which reason it does not.</summary>
public sealed class ContinuityTests : CaptureTest
{
    [Fact]
    public void The_first_start_begins_a_generation()
    {
        Capture().Start().Reasons.Should().Equal(GenerationReason.NoneYet);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Goes_on_after_a_stop_or_a_kill_with_the_commits_of_the_time_between(bool killed)
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        End(capture, killed);

        App.Insert(7);
        capture.Start();

        capture.Compare();
        capture.Image.Commits.Should().Be(7);
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Goes_on_when_the_WAL_is_left_by_a_process_that_ended(bool killed)
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        App.Close();
        End(capture, killed);

        // The last connection has closed, and the WAL-index with it: the next one is built from the WAL.
        capture.Start();

        using var app = App.Open();
        AppDatabase.Execute(app, "INSERT INTO t VALUES(1)");
        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.001)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void Goes_on_from_a_shadow_whose_tail_was_lost_as_long_as_the_WAL_has_it(double part)
    {
        var capture = Capture().Start();
        App.Insert(20);
        capture.Compare();
        var shadow = capture.Shadow.Last.Path;
        capture.Kill();
        using (var file = File.OpenHandle(shadow, FileMode.Open, FileAccess.ReadWrite))
        {
            var length = RandomAccess.GetLength(file);
            RandomAccess.SetLength(file, (long)(length * part));
            RandomAccess.SetLength(file, length);
        }

        App.Insert(1);
        capture.Start();

        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
        SharedFile.ReadAllBytes(shadow).AsSpan().SequenceEqual(SharedFile.ReadAllBytes(WalPath).AsSpan(0, (int)capture.Shadow.Last.Length)).Should().BeTrue();
    }

    [Fact]
    public void Goes_on_when_it_was_killed_between_naming_an_index_and_writing_it()
    {
        var capture = Capture(Eager).Start();
        App.Insert(3);
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        App.Insert(2);
        capture.Compare();
        capture.Index.Should().Be(1);
        var shadow = capture.Shadow.Last.Path;
        capture.Kill();
        File.Delete(shadow);

        capture.Start();

        capture.Compare();
        capture.Index.Should().Be(1);
        capture.Reasons.Should().HaveCount(1);
    }

    [Fact]
    public void A_later_host_of_the_process_takes_over_the_mark()
    {
        var capture = Capture(Eager).Start();
        App.Insert(3);
        capture.Compare();
        App.Execute("PRAGMA busy_timeout=0");

        for (var i = 0; i < 5; i++)
        {
            capture.HandOver();
            App.Insert(2);
            App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            App.Insert(1);
            capture.HandOver();
            capture.Compare();
        }

        capture.Index.Should().BeGreaterThan(1);
        capture.Reasons.Should().HaveCount(1);
    }

    [Theory]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")]
    [InlineData("PRAGMA wal_checkpoint(RESTART)")]
    public void A_WAL_that_was_reset_while_away_starts_a_generation(string reset)
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        capture.Stop();

        App.Insert(1);
        App.Execute(reset);
        App.Insert(1);
        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalResetWhileAway);
        capture.Compare();
    }

    [Fact]
    public void A_WAL_that_was_removed_while_away_starts_a_generation()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Stop();
        App.Close();
        File.Exists(WalPath).Should().BeFalse("the last connection of the application has closed");

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalResetWhileAway);
    }

    [Fact]
    public void A_generation_without_a_WAL_goes_on_if_the_file_is_as_it_was()
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.Shadow.Head!.Position.Offset.Should().Be(0);
        capture.Stop();

        capture.Start();

        capture.Compare();
        App.Insert(2);
        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
        capture.Image.Commits.Should().Be(2);
    }

    [Fact]
    public void A_generation_without_a_WAL_goes_on_after_a_kill_if_the_file_is_as_it_was_when_it_came_to_rest()
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.RunOnce();
        capture.Sync.GoIdle();
        capture.Kill();

        capture.Start();
        capture.RunOnce();
        capture.Sync.GoIdle();
        capture.Kill();
        capture.Start();

        capture.Compare();
        App.Insert(2);
        capture.Compare();
        capture.Reasons.Should().HaveCount(1);
        capture.Image.Commits.Should().Be(2);
    }

    [Fact]
    public void A_large_file_at_rest_is_read_in_parts_between_which_commits_are_captured()
    {
        App.Execute("INSERT INTO t(a) VALUES(zeroblob(20 << 20))");
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.RunOnce();

        capture.Sync.GoIdle();

        capture.Sync.State!.FileHash.Should().BeNull("only a part has been read");
        capture.Sync.NextDue().Should().BeLessThan(TimeSpan.FromSeconds(1));
        capture.Sync.GoIdle();
        capture.Sync.GoIdle();
        capture.Sync.State!.FileHash.Should().NotBeNull();
        capture.Sync.NextDue().Should().BeNull("nothing more is due");
        App.Insert(1);
        capture.RunOnce();
        capture.Sync.State!.FileHash.Should().BeNull("it has a WAL now");
        capture.Sync.GoIdle();
        capture.Sync.State!.FileHash.Should().BeNull();
        capture.Compare();
    }

    [Fact]
    public void What_was_read_of_a_file_at_rest_counts_for_nothing_once_something_was_committed()
    {
        App.Execute("INSERT INTO t(a) VALUES(zeroblob(20 << 20))");
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.RunOnce();
        capture.Sync.GoIdle();
        App.Insert(1);
        capture.RunOnce();

        capture.Sync.GoIdle();

        capture.Sync.State!.FileHash.Should().BeNull();
        capture.Kill();
        capture.Start();
        capture.Reasons.Should().HaveCount(1);
        capture.Compare();
    }

    [Fact]
    public void What_was_read_of_a_file_at_rest_is_not_mixed_with_what_it_became_under_a_later_generation()
    {
        App.Execute("INSERT INTO t(a) VALUES(zeroblob(20 << 20))");
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture(new WalSyncSettings { MinCheckpointPages = 10, CheckpointInterval = TimeSpan.Zero }).Start();
        capture.RunOnce();
        capture.Sync.GoIdle();
        App.Execute("UPDATE t SET a = randomblob(20 << 20)");
        capture.RunOnce().Checkpoint.Should().Be(CheckpointOutcome.Complete);
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        capture.Sync.RequestNewGeneration(capture.Generation, GenerationReason.ReplicaConflict, "as a replica asks");
        capture.RunOnce();
        for (var i = 0; i < 3; i++)
        {
            capture.Sync.GoIdle();
        }

        capture.Sync.State!.FileHash.Should().NotBeNull();
        capture.Kill();
        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.ReplicaConflict);
        capture.Compare();
    }

    [Theory]
    [InlineData("PRAGMA wal_checkpoint(PASSIVE)")]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")]
    public void A_generation_without_a_WAL_does_not_go_on_after_a_kill_if_something_was_committed(string checkpoint)
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.RunOnce();
        capture.Sync.GoIdle();
        App.Insert(1);
        capture.Kill();
        App.Insert(1);
        App.Execute(checkpoint);

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalResetWhileAway);
        capture.Compare();
    }

    [Theory]
    [InlineData("PRAGMA wal_checkpoint(PASSIVE)")]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")]
    public void A_generation_without_a_WAL_does_not_go_on_if_something_was_committed(string checkpoint)
    {
        App.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var capture = Capture().Start();
        capture.Shadow.Head!.Position.Offset.Should().Be(0);
        capture.Stop();
        App.Insert(1);
        App.Execute(checkpoint);

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalResetWhileAway);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void A_WAL_that_lost_its_end_to_a_power_cut_starts_a_generation(int commitsAfterwards)
    {
        var writer = Connect();
        for (var i = 0; i < 5; i++)
        {
            writer.Execute("INSERT INTO t VALUES(1)");
        }

        var capture = Capture().Start();
        capture.Compare();
        var header = capture.Shadow.Head!.Header!.Value;
        capture.Stop();
        App.Close();
        writer.Dispose();
        CutWal(header, keep: 3);

        using var after = Connect();
        for (var i = 0; i < commitsAfterwards; i++)
        {
            after.Execute("INSERT INTO t VALUES(2)");
        }

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
    }

    [Theory]
    [InlineData("this is no state")]
    [InlineData("litestream-net-state 2\nsomething 1\n")]
    public void A_state_that_is_damaged_or_of_a_newer_version_starts_a_generation(string content)
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        capture.Stop();
        File.WriteAllText(Path.Combine(capture.MetaPath, "state"), content);

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.ShadowTorn);
        capture.Compare();
    }

    [Fact]
    public void A_shadow_of_another_WAL_starts_a_generation()
    {
        var capture = Capture(Eager).Start();
        App.Insert(3);
        capture.RunOnce();
        App.Insert(3);
        capture.Compare();
        capture.Index.Should().Be(1);
        var generation = capture.Generation;
        capture.Stop();
        File.Copy(capture.Meta.ShadowFile(generation, 0).Path, capture.Meta.ShadowFile(generation, 1).Path, overwrite: true);

        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.ShadowTorn);
        capture.Compare();
    }

    [Fact]
    public void Another_page_size_starts_a_generation()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        capture.Stop();

        App.Execute("PRAGMA journal_mode=delete");
        App.Execute("PRAGMA page_size=1024");
        App.Execute("VACUUM");
        App.Execute("PRAGMA journal_mode=wal");
        App.Insert(1);
        capture.Start();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.PageSizeChanged);
        capture.Compare();
        capture.Image.PageSize.Should().Be(1024);
    }

    [UnixFact]
    public void A_database_that_was_replaced_ends_the_pass_with_an_exception()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();

        File.Move(App.Path, App.Path + ".old");
        File.WriteAllText(App.Path, "");

        capture.Invoking(c => c.RunOnce()).Should().Throw<DatabaseReplacedException>().Which.IsTransient.Should().BeTrue();
    }

    [Theory]
    [InlineData(nameof(GenerationReason.DatabaseReplaced))]
    [InlineData(nameof(GenerationReason.Restored))]
    public void A_known_reason_starts_a_generation_in_any_case(string name)
    {
        var reason = Enum.Parse<GenerationReason>(name);
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        capture.Stop();

        capture.Start(reason);

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, reason);
        capture.Compare();
    }

    [Theory]
    [InlineData(nameof(GenerationReason.ReplicaDiverged))]
    [InlineData(nameof(GenerationReason.ReplicaHoled))]
    [InlineData(nameof(GenerationReason.ReplicaConflict))]
    [InlineData(nameof(GenerationReason.VerificationFailed))]
    public void A_worker_can_ask_for_a_generation(string name)
    {
        var reason = Enum.Parse<GenerationReason>(name);
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();

        capture.Sync.RequestNewGeneration(capture.Generation, reason, "the test asks for it");
        capture.Sync.RequestNewGeneration(capture.Generation, GenerationReason.ReplicaHoled, "only the first counts");
        capture.RunOnce().Moved.Should().BeTrue();
        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, reason);
        App.Insert(1);
        capture.Compare();
    }

    [Fact]
    public void A_generation_that_is_not_in_use_cannot_be_left()
    {
        var capture = Capture().Start();
        var first = capture.Generation;
        capture.Sync.RequestNewGeneration(first, GenerationReason.ReplicaHoled, "");
        capture.RunOnce();

        capture.Sync.RequestNewGeneration(first, GenerationReason.ReplicaHoled, "");
        capture.RunOnce();

        capture.Reasons.Should().HaveCount(2);
    }

    [Fact]
    public void The_last_index_of_the_format_starts_a_generation()
    {
        var capture = Capture(Eager).Start();
        App.Insert(3);
        capture.Compare();
        var state = capture.Sync.State!;
        capture.Stop();
        File.Move(capture.Meta.ShadowFile(state.Generation, 0).Path, capture.Meta.ShadowFile(state.Generation, int.MaxValue - 1).Path);
        capture.Meta.WriteState(state with { Index = int.MaxValue - 1 });
        capture.Start();
        capture.Reasons.Should().HaveCount(1);
        capture.RunOnce();

        App.Insert(1);
        capture.RunOnce();

        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.IndexLimit);
        capture.Index.Should().Be(0);
        capture.Compare();
    }

    [UnixFact]
    public async Task Locks_that_were_dropped_under_us_are_noticed_every_time()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        App.Close();
        await using var other = await OtherProcess.StartAsync(App.Path);

        for (var round = 1; round <= 3; round++)
        {
            // What a backup by File.Copy does: its close drops every lock that SQLite has in this process.
            SharedFile.ReadAllBytes(App.Path + "-shm");
            await ResetAsync();

            capture.RunOnce();

            capture.Reasons.Should().HaveCount(1 + round).And.HaveElementAt(round, GenerationReason.WalOverwritten);
            capture.Compare();
        }

        await ResetAsync();
        capture.Compare();
        capture.Reasons.Should().HaveCount(4, "with the mark taken anew the lock is there again, so the WAL could not be reset");

        async Task ResetAsync()
        {
            for (var i = 0; i < 2; i++)
            {
                await other.ExecuteAsync("INSERT INTO t VALUES(randomblob(2000))");
                await other.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
            }

            await other.ExecuteAsync("INSERT INTO t VALUES(1)");
        }
    }

    [UnixFact]
    public async Task Locks_that_were_dropped_under_us_are_noticed_by_who_takes_an_image()
    {
        var capture = Capture().Start();
        App.Insert(5);
        capture.Compare();
        App.Close();
        await using var other = await OtherProcess.StartAsync(App.Path);
        SharedFile.ReadAllBytes(App.Path + "-shm");
        for (var i = 0; i < 3; i++)
        {
            await other.ExecuteAsync("INSERT INTO t VALUES(randomblob(2000))");
            await other.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        capture.Invoking(c => c.Rebase()).Should().Throw<LitestreamException>().Which.IsTransient.Should().BeTrue();

        capture.RunOnce();
        capture.Reasons.Should().Equal(GenerationReason.NoneYet, GenerationReason.WalOverwritten);
        capture.Compare();
    }

    private static void End(CaptureFixture capture, bool killed)
    {
        if (killed)
        {
            capture.Kill();
        }
        else
        {
            capture.Stop();
        }
    }

    /// <summary>The WAL as it is after a power cut: its last frames never reached the disk, and there is no WAL-index any more.</summary>
    private void CutWal(WalHeader header, uint keep)
    {
        using var file = File.OpenHandle(WalPath, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, WalFormat.EndOfFrame(keep, header.PageSize));
        File.Delete(App.Path + "-shm");
    }
}
