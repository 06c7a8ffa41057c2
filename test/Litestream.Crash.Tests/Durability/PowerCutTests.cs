using System.Globalization;
using System.Text.RegularExpressions;
using Litestream.Testing;
using Microsoft.Data.Sqlite;
using Xunit.Abstractions;

namespace Litestream.Crash.Durability;

/// <summary>
/// The power goes at any moment, and takes with it what was not synced: of the application's database as of our own files
/// and the replica. Everything acknowledged is on the replica; and what the application does afterwards is on it too, as it
/// is in the database.
/// </summary>
public sealed partial class PowerCutTests(ITestOutputHelper output)
{
    private const int Rows = 30;
    private const int Full = 2;
    private const int Normal = 1;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [StraceFact]
    public Task Nothing_acknowledged_is_missing_under_synchronous_full() => RunAsync(Full);

    [StraceFact]
    public Task Nothing_acknowledged_is_missing_under_synchronous_normal() => RunAsync(Normal);

    private async Task RunAsync(int synchronous)
    {
        using var folder = new TempDirectory();
        var volume = folder.File("volume");
        Directory.CreateDirectory(volume);
        var calls = await RecordAsync(folder.File("trace"), volume, synchronous);
        var first = calls.ToList().FindIndex(call => call.Named == $"{volume}/app.db");
        var (tried, lost) = (0, 0);
        var reasons = new List<string>();
        await Fuzz.SampleAsync(25, async seed =>
        {
            var random = new Random(seed);
            var moment = random.Next(first + 1, calls.Count + 1);
            var left = folder.File($"left-{seed}");
            var acknowledged = CutAt(calls, moment, volume, left, random, replicaSurvives: random.Next(3) == 0);

            await EverythingAcknowledgedIsThereAsync(left, acknowledged, folder.File($"restored-{seed}.db"));
            var (rows, begun) = await GoOnAsync(left, folder.File($"later-{seed}.db"));

            tried++;
            lost += acknowledged.Rows.Except(rows).Any() ? 1 : 0;
            reasons.AddRange(begun);
        });
        output.WriteLine($"{tried} power cuts; in {lost} the database itself had lost what was acknowledged; new generations: "
            + string.Join(", ", reasons.GroupBy(reason => reason).Select(group => $"{group.Count()} {group.Key}")));
    }

    /// <returns>What had been acknowledged by then: the last position, and the rows that it promises.</returns>
    private static (string? Position, List<string> Rows) CutAt(
        IReadOnlyList<SystemCall> calls, int moment, string volume, string left, Random random, bool replicaSurvives)
    {
        var disk = new PowerCut(volume);
        var inserted = 0;
        (string? Position, List<string> Rows) acknowledged = (null, []);
        foreach (var call in calls.Take(moment))
        {
            disk.Apply(call);
            if (call.Name != "write")
            {
                continue;
            }

            if (call.Arguments.Contains(", \"inserted\\n\"", StringComparison.Ordinal))
            {
                inserted++;
            }
            else if (call.Arguments.IndexOf(", \"synced ", StringComparison.Ordinal) is var at and > 0)
            {
                var text = call.Arguments[(at + ", \"synced ".Length)..];
                acknowledged = (text[..text.IndexOf('\\', StringComparison.Ordinal)], [.. Enumerable.Range(0, inserted).Select(Row)]);
            }
        }

        disk.Leave(left, random, replicaSurvives ? $"{volume}/replica" : null);
        return acknowledged;
    }

    private static async Task EverythingAcknowledgedIsThereAsync(string left, (string? Position, List<string> Rows) acknowledged, string target)
    {
        if (acknowledged.Position is not { } position)
        {
            return;
        }

        var parts = position.Split('/', ':');
        await using var client = new FileReplicaClient($"{left}/replica");
        await client.RestoreAsync(new RestoreOptions
        {
            OutputPath = target,
            Position = new ReplicationPosition(
                parts[0], int.Parse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), long.Parse(parts[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)),
        });
        ReadRows(target).Should().Contain(acknowledged.Rows);
    }

    /// <summary>The power is back: the application goes on with what is there, and the replica shows what it has then.</summary>
    private static async Task<(IReadOnlyList<string> Rows, IReadOnlyList<string> Reasons)> GoOnAsync(string left, string target)
    {
        var database = $"{left}/app.db";
        using var folder = new TempDirectory(left);
        await using var app = new ReplicatedApp(folder);
        await app.StartAsync();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=wal; CREATE TABLE IF NOT EXISTS t(x)";
        command.ExecuteNonQuery();
        for (var i = 0; i < 3; i++)
        {
            command.CommandText = $"INSERT INTO t VALUES('after {i}')";
            command.ExecuteNonQuery();
            await app.SyncAsync();
        }

        var rows = ReadRows(connection);
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().Should().Be("ok");
        await app.RestoreAsync(target);
        ReadRows(target).Should().Equal(rows);
        await app.StopAsync();
        return (rows, [.. app.Logs.GetSnapshot().Select(record => NewGeneration().Match(record.Message)).Where(match => match.Success).Select(match => match.Groups["reason"].Value)]);
    }

    private static async Task<IReadOnlyList<SystemCall>> RecordAsync(string file, string volume, int synchronous)
    {
        await using var trace = SystemCallTrace.Start(
            file, bytes: 1 << 20, "replicate", $"{volume}/app.db", $"{volume}/replica",
            "--checkpoint-interval", "50", "--min-checkpoint-pages", "6", "--synchronous", synchronous.ToString(CultureInfo.InvariantCulture));
        var app = trace.Process;
        await app.WaitForLineAsync(line => line == "replicating", Timeout);
        for (var i = 0; i < Rows; i++)
        {
            app.WriteLine($"insert {Row(i)}");
            await app.WaitForLineAsync(line => line == "inserted", Timeout);
            if (i % 3 == 2)
            {
                app.WriteLine("sync");
                await app.WaitForLineAsync(line => line.StartsWith("synced ", StringComparison.Ordinal), Timeout);
            }
        }

        app.CloseInput();
        (await app.WaitForExitAsync(Timeout)).Should().Be(0, app.Output);
        return await trace.ReadAsync();
    }

    private static string Row(int number) => $"row {number} {new string((char)('a' + (number % 26)), 700)}";

    private static List<string> ReadRows(string database)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        return ReadRows(connection);
    }

    private static List<string> ReadRows(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT x FROM t ORDER BY rowid";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    [GeneratedRegex(@"a new generation \w+ starts \((?<reason>\w+)\)")]
    private static partial Regex NewGeneration();
}
