namespace Litestream.SideBySide;

/// <summary>What happens while the programs run.</summary>
internal static class LiveOrdeals
{
    public static IReadOnlyList<Ordeal> All { get; } =
    [
        new("nothing", "nothing goes wrong",
            "Sixteen rounds of transfers and uploads over several WALs, an orderly stop.",
            _ => Task.CompletedTask, OfQuietDay: true),
        new("kill", "kill -9 of the program, in the middle of everything",
            "Killed four times under load and started again; at the end an orderly stop.",
            KilledAsync),
        new("checkpoint-window", "checkpoints under a writer with wal_autocheckpoint=5",
            "A writer of single rows at full speed for five seconds, whose own connection checkpoints every 5 pages, while the program checkpoints from 10 pages on (litestream: RESTART from 30 pages on); then an orderly stop.",
            CheckpointWindowAsync, Rounds: 5),
        new("power-cut", "resume after a power cut under synchronous=NORMAL",
            "The WAL loses what the application had not synced, though it has been uploaded; the program's own files stay. The application goes on and commits something else.",
            PowerCutAsync),
        new("volume-rollback", "resume on a volume that went back in time (a restored VM snapshot, a disk that lied about its syncs)",
            "Everything local is as it was forty transfers ago, the program's own files too. The application goes on and commits twice as many others.",
            VolumeRollbackAsync),
        new("snapshot-ahead", "a snapshot ahead of the uploaded WAL",
            "Killed; the application commits on. Started again while WAL objects cannot be written, snapshots are due each half second. Then the machine is lost. What was uploaded before the outage has to come back.",
            SnapshotAheadAsync),
        new("wiped", "a replica wiped while the program runs",
            "The folder disappears; transfers and uploads go on for a while; an orderly stop.",
            WipedAsync),
        new("wiped-restarted", "the same, and the program was started again since",
            "As before; then the program runs once more, and stops in order.",
            WipedAndRestartedAsync),
        new("retention-interrupted", "interrupted retention",
            "Snapshots each second over several WALs, an orderly stop. Then everything before a later snapshot is deleted, object by object in the order in which the program does it, and it dies half-way.",
            RetentionInterruptedAsync),
    ];

    /// <summary>Several indexes with several segments each, and an orderly stop.</summary>
    public static async Task QuietDayAsync(Arena arena)
    {
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace());
        await arena.RoundsAsync(16);
        await StopAsync(arena);
    }

    private static async Task KilledAsync(Arena arena)
    {
        arena.Bank.Open();
        for (var i = 0; i < 4; i++)
        {
            await arena.Contestant.StartAsync(arena, new Pace());
            await arena.RoundsAsync(2);
            arena.Bank.Transfer(15);
            await arena.Contestant.KillAsync();
            arena.Bank.Transfer(5);
        }

        await arena.Contestant.StartAsync(arena, new Pace());
        await arena.RoundsAsync(2);
        await StopAsync(arena);
    }

    private static async Task CheckpointWindowAsync(Arena arena)
    {
        arena.Bank.Open(autoCheckpoint: 5);
        await arena.Contestant.StartAsync(arena, new Pace
        {
            MinCheckpointPages = 10,
            MaxCheckpointPages = 30,
        });
        using (var ended = new CancellationTokenSource(TimeSpan.FromSeconds(5)))
        {
            await Task.Factory.StartNew(
                () => arena.Bank.RecordUntil(ended.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await arena.Contestant.UploadAsync(arena);
        await StopAsync(arena);
    }

    private static async Task PowerCutAsync(Arena arena)
    {
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace { MinCheckpointPages = 5000 });
        await arena.RoundsAsync(2);
        var synced = await File.ReadAllBytesAsync(arena.Database + "-wal");
        await arena.RoundsAsync(4);
        await arena.Contestant.KillAsync();
        arena.Bank.Close();

        await File.WriteAllBytesAsync(arena.Database + "-wal", synced);
        File.Delete(arena.Database + "-shm");
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace { MinCheckpointPages = 5000 });
        await arena.RoundsAsync(8);
        await StopAsync(arena);
    }

    private static async Task VolumeRollbackAsync(Arena arena)
    {
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace { MinCheckpointPages = 5000 });
        await arena.RoundsAsync(2);
        await arena.Contestant.KillAsync();
        arena.Bank.Close();
        var volume = arena.CopyOfVolume();

        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace { MinCheckpointPages = 5000 });
        await arena.RoundsAsync(4);
        await arena.Contestant.KillAsync();
        arena.Bank.Close();

        arena.PutBackVolume(volume);
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace { MinCheckpointPages = 5000 });
        for (var i = 0; i < 8; i++)
        {
            arena.Bank.Transfer(10);
            await Task.Delay(100);
        }

        await arena.Contestant.UploadAsync(arena);
        await StopAsync(arena);
    }

    private static async Task SnapshotAheadAsync(Arena arena)
    {
        var pace = new Pace { MinCheckpointPages = 5000, SnapshotMilliseconds = 500 };
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, pace);
        await arena.RoundsAsync(3);
        await arena.Contestant.KillAsync();
        arena.Due = arena.Bank.History.Count;
        arena.Bank.Transfer(40);

        var wal = Path.Combine(arena.Files.Newest!, "wal");
        Directory.Move(wal, wal + "-away");
        await File.WriteAllTextAsync(wal, "no folder");
        var before = File.GetLastWriteTimeUtc(arena.Files.Snapshots[^1]);
        await arena.Contestant.StartAsync(arena, pace);
        for (var deadline = DateTime.UtcNow.AddSeconds(8); DateTime.UtcNow < deadline; await Task.Delay(50))
        {
            if (arena.Files.Snapshots is [.., var newest] && File.GetLastWriteTimeUtc(newest) > before)
            {
                break;
            }
        }

        await arena.Contestant.KillAsync();
        File.Delete(wal);
        Directory.Move(wal + "-away", wal);
        arena.Bank.Close();
    }

    private static async Task RetentionInterruptedAsync(Arena arena)
    {
        var pace = new Pace { MinCheckpointPages = 60, SnapshotMilliseconds = 1000 };
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, pace);
        for (var deadline = DateTime.UtcNow.AddSeconds(30); arena.Files.Kept is null && DateTime.UtcNow < deadline;)
        {
            await arena.RoundsAsync(2);
            await Task.Delay(300);
        }

        await StopAsync(arena);
        var kept = arena.Files.Kept ?? throw new InvalidOperationException("No snapshot has an index with several segments before it.");
        var old = arena.Files.Before(kept);
        foreach (var snapshot in arena.Files.Snapshots.TakeWhile(snapshot => snapshot != kept))
        {
            File.Delete(snapshot);
        }

        // litestream deletes segments in the order of their names. We delete all of an index but its beginning first, from its end.
        var tails = old.GroupBy(segment => segment.Name.Index).SelectMany(index => index.Where(segment => segment.Name.Offset > 0).Reverse());
        var doomed = arena.Contestant is LitestreamProgram
            ? old.Where(segment => segment.Name.Index < old[^1].Name.Index).Append(old.First(segment => segment.Name.Index == old[^1].Name.Index))
            : tails.Take((tails.Count() + 1) / 2);
        foreach (var segment in doomed.ToList())
        {
            File.Delete(segment.Path);
        }
    }

    private static async Task WipedAsync(Arena arena)
    {
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace());
        await arena.RoundsAsync(3);
        Directory.Move(arena.Replica, arena.File("gone"));
        for (var i = 0; i < 6; i++)
        {
            arena.Bank.Transfer(10);
            await Task.Delay(150);
        }

        await StopAsync(arena);
    }

    private static async Task WipedAndRestartedAsync(Arena arena)
    {
        await WipedAsync(arena);
        arena.Bank.Open();
        await arena.Contestant.StartAsync(arena, new Pace());
        arena.Bank.Transfer(10);
        await Task.Delay(1000);
        await StopAsync(arena);
    }

    private static async Task StopAsync(Arena arena)
    {
        await arena.Contestant.StopAsync();
        arena.Bank.Close();
    }
}
