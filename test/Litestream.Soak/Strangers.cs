using Litestream.Testing;

namespace Litestream.Soak;

/// <summary>Another process with another SQLite, the sqlite3 command line, at the application's databases.</summary>
internal sealed class Strangers(IReadOnlyList<SoakDatabase> databases, SoakPace pace, SoakTally tally, int seed)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);
    private static readonly string[] Checkpoints = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"];

    private readonly Random _random = new(seed);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var database = databases[_random.Next(databases.Count)];
            var (name, statement) = Next();
            var (exitCode, output) = await ChildProcess.RunAsync(
                Timeout, "sqlite3", "-batch", "-bail", "-cmd", ".timeout 2000", database.Path, statement);
            if (exitCode == 0)
            {
                tally.Stranger(name);
            }
            else if (output.Contains("locked", StringComparison.Ordinal) || output.Contains("busy", StringComparison.OrdinalIgnoreCase))
            {
                tally.Stranger($"{name}, refused by a lock");
            }
            else
            {
                tally.Fail($"sqlite3 on {database.Name}: {statement}: exit code {exitCode}, {output}");
            }

            await Task.Delay(pace.StrangerInterval, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private (string Name, string Statement) Next() => _random.Next(20) switch
    {
        < 8 => ("write", $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_random.Next(1, 100)})
            INSERT INTO entry (k, body) SELECT abs(random() % 10000), randomblob(300) FROM n;
            """),
        < 11 => ("read", "SELECT count(*), sum(length(body)) FROM entry;"),
        < 18 => Checkpoint(Checkpoints[_random.Next(Checkpoints.Length)]),
        _ => ("VACUUM", "VACUUM;"),
    };

    private static (string Name, string Statement) Checkpoint(string mode) => ($"checkpoint {mode}", $"PRAGMA wal_checkpoint({mode});");
}
