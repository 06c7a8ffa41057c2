using System.Collections.Concurrent;
using System.Diagnostics;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Litestream.Crash;

/// <summary>
/// kill -9 of the application under load, again and again. The promise: a position that was answered is restorable,
/// whatever happens next to the process, and shows everything acknowledged up to it.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Rounds = 10;
    private const int RoundsDuringUpload = 3;

    // On a busy machine a kill may come too late after its acknowledgement, or miss the upload; such a round proves what it
    // proves, and another follows.
    private const int MostRounds = 25;
    private const int AcknowledgementsPerRound = 200;
    private const int Clients = 6;

    private static readonly TimeSpan KillWithin = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Nothing_acknowledged_is_missing_after_kill_9()
    {
        using var folder = new TempDirectory();
        var replica = Path.Combine(folder.Path, "backups", "notes");
        var everAcknowledged = new Dictionary<long, string>();
        var (prompt, duringUpload) = (0, 0);

        for (var round = 1; round <= MostRounds && (prompt < Rounds || duringUpload < RoundsDuringUpload); round++)
        {
            var (acknowledged, late, unfinished) = await RunAndKillAsync(folder.Path, replica, round, waitForUpload: round % 2 == 0);
            prompt += late < KillWithin ? 1 : 0;
            duringUpload += unfinished is null ? 0 : 1;
            output.WriteLine(
                $"round {round}: {acknowledged.Count} acknowledged, killed {late.TotalMilliseconds:F1} ms after one, "
                + (unfinished is null ? "no upload in flight" : $"during {Path.GetFileName(unfinished)}"));

            acknowledged.Should().HaveCountGreaterThanOrEqualTo(AcknowledgementsPerRound);
            await EveryPositionShowsWhatItPromised(folder, replica, acknowledged);

            foreach (var one in acknowledged)
            {
                everAcknowledged.Add(one.Id, one.Text);
            }

            // By turns the machine keeps its disk and the application goes on, or loses it and the application restores.
            if (round % 3 == 0)
            {
                Directory.Delete(Path.Combine(folder.Path, "data"), recursive: true);
            }
        }

        prompt.Should().BeGreaterThanOrEqualTo(Rounds);
        duringUpload.Should().BeGreaterThanOrEqualTo(RoundsDuringUpload);
        await using var app = await NotesApp.StartAsync(folder.Path);
        (await app.ListAsync()).Should().Contain(everAcknowledged);
        if (!OperatingSystem.IsWindows())
        {
            await app.StopAsync(); // by a signal
        }
    }

    private static async Task<(IReadOnlyCollection<Acknowledgement> Acknowledged, TimeSpan Late, string? Unfinished)> RunAndKillAsync(
        string folder, string replica, int round, bool waitForUpload)
    {
        await using var app = await NotesApp.StartAsync(folder);
        var inFlight = new UploadInFlight(replica);
        var acknowledged = new ConcurrentQueue<Acknowledgement>();
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var latest = 0L;
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(() => AddNotesAsync(client))).ToArray();

        await Task.WhenAny(enough.Task, Task.WhenAll(clients)).WaitAsync(TimeSpan.FromMinutes(4));
        if (waitForUpload)
        {
            // Until an upload is seen within the time after an acknowledgement in which the kill is due.
            var patience = Stopwatch.StartNew();
            while (patience.Elapsed < TimeSpan.FromSeconds(5) && (inFlight.Find() is null || SinceLatest() > KillWithin / 2))
            {
            }
        }
        else
        {
            // The next acknowledgement, so that the kill comes right after one.
            var count = acknowledged.Count;
            SpinWait.SpinUntil(() => acknowledged.Count > count, TimeSpan.FromSeconds(10));
        }

        var late = SinceLatest();
        var killed = app.KillAsync();
        await stop.CancelAsync();
        await killed;
        await Task.WhenAll(clients);
        return (acknowledged, late, inFlight.Find());

        async Task AddNotesAsync(int client)
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    // Of many lengths, up to more than a page with its neighbours.
                    var text = $"round {round}, client {client}, note {i} ".PadRight(40 + (i * 37 % 1900), 'x');
                    var answer = await app.AddAsync(text.Trim(), stop.Token);
                    acknowledged.Enqueue(answer);
                    Interlocked.Exchange(ref latest, Stopwatch.GetTimestamp());
                    if (acknowledged.Count >= AcknowledgementsPerRound)
                    {
                        enough.TrySetResult();
                    }
                }
                catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
                {
                    // The application is gone, or the answer was cut off: not acknowledged.
                    return;
                }
            }
        }

        TimeSpan SinceLatest() => Stopwatch.GetElapsedTime(Interlocked.Read(ref latest));
    }

    private static async Task EveryPositionShowsWhatItPromised(
        TempDirectory folder, string replica, IReadOnlyCollection<Acknowledgement> acknowledged)
    {
        var positions = acknowledged.Select(one => one.Position).Distinct().OrderBy(one => one.Index).ThenBy(one => one.Offset).ToList();
        positions.Select(one => one.Generation).Distinct().Should().ContainSingle("an application's life without trouble has one generation");

        // The last one holds everything; one in the middle holds everything acknowledged up to it.
        foreach (var position in new[] { positions[^1], positions[positions.Count / 2] })
        {
            var restored = folder.File($"restored-{position.Generation}-{position.Index}-{position.Offset}.db");
            await using (var client = new FileReplicaClient(replica))
            {
                var result = await client.RestoreAsync(new RestoreOptions { OutputPath = restored, Position = position, IntegrityCheck = IntegrityCheck.Full });
                result.Position.Covers(position).Should().BeTrue();
            }

            var promised = acknowledged.Where(one => position.Covers(one.Position)).ToDictionary(one => one.Id, one => one.Text);
            Notes(restored).Should().Contain(promised);
            File.Delete(restored);
        }
    }

    private static Dictionary<long, string> Notes(string database)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT Id, Text FROM Notes";
        using var reader = command.ExecuteReader();
        var notes = new Dictionary<long, string>();
        while (reader.Read())
        {
            notes.Add(reader.GetInt64(0), reader.GetString(1));
        }

        return notes;
    }
}
