using System.Diagnostics;
using System.Text;

namespace Litestream.Testing.Stress;

/// <summary>
/// Strangers: the sqlite3 command line, another version of SQLite, which checkpoints in every way there is, vacuums, tries to
/// leave WAL mode, writes and closes; and writers in processes of their own that are killed in the middle.
/// </summary>
internal sealed class ForeignSqlite
{
    private static readonly string[] Doings =
    [
        "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(FULL)", "PRAGMA wal_checkpoint(RESTART)",
        "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(TRUNCATE)",
        "INSERT INTO u VALUES(1, randomblob(100))",
        "INSERT INTO u VALUES(2, randomblob(3000));PRAGMA wal_checkpoint(TRUNCATE);INSERT INTO u VALUES(3, 3)",
        "PRAGMA journal_mode=delete", "VACUUM", "SELECT count(*) FROM t",
    ];

    private readonly string _database;
    private readonly Random _random;
    private readonly string[] _scripts;
    private readonly string[]? _writer;

    /// <param name="database">The database.</param>
    /// <param name="folder">Where the scripts of the writers lie.</param>
    /// <param name="random">Decides.</param>
    /// <param name="pageSize">Of the database.</param>
    /// <param name="writer">Command line of a writer with our own SQLite; the database's path, seed and page size are put behind it.</param>
    public ForeignSqlite(string database, TempDirectory folder, Random random, int pageSize, string[]? writer)
    {
        (_database, _random, _writer) = (database, random, writer);
        _scripts = [.. Enumerable.Range(0, 4).Select(number =>
        {
            var path = folder.File($"writer{number}.sql");
            var script = new StressScript(random, pageSize, savepoints: false);
            var text = new StringBuilder(".timeout 2000\n").AppendLine(script.Settings());
            for (var i = 0; i < 3000; i++)
            {
                text.AppendLine(script.Next());
            }

            File.WriteAllText(path, text.ToString());
            return path;
        })];
        PageSize = pageSize;
    }

    public int PageSize { get; }

    public int Runs { get; private set; }

    public int Kills { get; private set; }

    /// <summary>Does one thing after the other until told to stop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await DoAsync(Doings[_random.Next(Doings.Length)]);
            Runs++;
            await PauseAsync(60, cancellationToken);
        }
    }

    /// <summary>Starts writers and kills them.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var ours = _writer is not null && _random.Next(4) == 0;
            using var process = ours
                ? Start(_writer![0], [.. _writer[1..], _database, $"{_random.Next()}", $"{PageSize}"])
                : Start("sqlite3", ["-batch", _database, $".read {_scripts[_random.Next(_scripts.Length)]}"]);
            await PauseAsync(ours ? 900 : 100, cancellationToken);
            if (!process.HasExited)
            {
                process.Kill();
                Kills++;
            }

            await process.WaitForExitAsync(CancellationToken.None);
            await PauseAsync(400, cancellationToken);
        }
    }

    private static async Task PauseAsync(int milliseconds, Random random, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(random.Next(milliseconds), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop ends by itself.
        }
    }

    private static Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private Task PauseAsync(int milliseconds, CancellationToken cancellationToken) => PauseAsync(milliseconds, _random, cancellationToken);

    private async Task DoAsync(string statements)
    {
        using var process = Start("sqlite3", ["-batch", "-cmd", ".timeout 100", _database, statements]);
        await process.WaitForExitAsync(CancellationToken.None);
    }
}
