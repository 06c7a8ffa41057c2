using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Litestream.Soak;

/// <summary>The application's writer of one database: small and large transactions, roll-backs, and now and then one that waits for its replicas.</summary>
internal sealed class AppLoad(SoakDatabase database, ILitestreamDatabase replicated, PhaseClock clock, SoakTally tally, int seed)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private readonly Random _random = new(seed);

    /// <summary>Until the token is cancelled. Every failure but a lock that was not had is one of the run.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var (phase, until) = clock.Current;
            var rate = SoakPace.TransactionsPerSecond(phase);
            if (rate == 0)
            {
                await PauseAsync(TimeSpan.FromMilliseconds(20), cancellationToken);
                continue;
            }

            using (clock.Busy())
            {
                // Asked again under the lease: the next phase begins when nobody holds one any more.
                if (clock.Current.Phase == phase)
                {
                    await StepAsync(phase, cancellationToken);
                }
            }

            await PauseAsync(TimeSpan.FromSeconds(_random.NextDouble() * 2 / rate), cancellationToken);
        }
    }

    private static Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) =>
        Task.Delay(pause, cancellationToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    private async Task StepAsync(Phase phase, CancellationToken cancellationToken)
    {
        try
        {
            var started = Stopwatch.GetTimestamp();
            if (Transact())
            {
                tally.Committed(phase, Stopwatch.GetElapsedTime(started));
            }

            if (_random.Next(phase == Phase.Burst ? 200 : 20) == 0)
            {
                started = Stopwatch.GetTimestamp();
                using var end = new CancellationTokenSource(LongestWait);
                await replicated.WaitForReplicationAsync(end.Token);
                tally.Waited(phase, Stopwatch.GetElapsedTime(started));
            }

            if (_random.Next(10) == 0)
            {
                Read();
            }
        }
        catch (SqliteException e) when (e.SqliteErrorCode is 5 or 6)
        {
            tally.RefusedToApplication();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            tally.Fail($"{database.Name}: {e.GetType().Name}: {e.Message}");
        }
    }

    private bool Transact()
    {
        using var connection = database.Open();
        using var transaction = connection.BeginTransaction(deferred: false);
        var rows = _random.Next(100) < 3 ? _random.Next(40, 160) : _random.Next(1, 5);
        for (var i = 0; i < rows; i++)
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = _random.Next(10) < 7
                ? "INSERT INTO entry (k, body) VALUES ($k, randomblob($n))"
                : "UPDATE entry SET k = $k, body = randomblob($n) WHERE id = (SELECT id FROM entry WHERE k >= $k LIMIT 1)";
            command.Parameters.AddWithValue("$k", _random.Next(10_000));
            command.Parameters.AddWithValue("$n", _random.Next(20) == 0 ? _random.Next(2 * database.PageSize) : _random.Next(database.PageSize / 4));
            command.ExecuteNonQuery();
        }

        using (var forget = connection.CreateCommand())
        {
            forget.Transaction = transaction;
            forget.CommandText = "DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - $rows";
            forget.Parameters.AddWithValue("$rows", database.Rows);
            forget.ExecuteNonQuery();
        }

        if (_random.Next(20) == 0)
        {
            transaction.Rollback();
            return false;
        }

        transaction.Commit();
        return true;
    }

    private void Read()
    {
        using var connection = database.Open();
        SoakDatabase.Execute(connection, "SELECT count(*), sum(length(body)) FROM entry WHERE k < 1000");
    }
}
