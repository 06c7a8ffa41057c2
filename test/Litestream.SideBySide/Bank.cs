using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Litestream.SideBySide;

/// <summary>
/// The application: it moves money between accounts, one transfer to a transaction, and remembers every one. Each touches
/// several pages, so that a database put together from pages of two moments does not add up.
/// </summary>
internal sealed class Bank(string path, int seed) : IDisposable
{
    public const int Accounts = 2000;
    public const int OpeningBalance = 1000;

    private const int NoCheckpointOnClose = 1006;

    private readonly Random _random = new(seed);
    private SqliteConnection? _connection;

    /// <summary>What was committed, in order. This is the truth that a restore is measured by.</summary>
    public List<Transfer> History { get; } = [];

    /// <summary>Opens the database; after a rollback of its files the history is cut to what they hold.</summary>
    public void Open(int autoCheckpoint = 0)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        // The end of a process does not checkpoint, and neither does this.
        raw.sqlite3_db_config(_connection.Handle!, NoCheckpointOnClose, 1, out _);
        Execute($"""
            PRAGMA busy_timeout=10000;
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=NORMAL;
            PRAGMA wal_autocheckpoint={autoCheckpoint};
            """);
        if (Scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'accounts'") == 0)
        {
            Execute($"""
                BEGIN;
                CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, owner TEXT NOT NULL);
                CREATE TABLE transfers (n INTEGER PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL, amount INTEGER NOT NULL, note TEXT);
                WITH RECURSIVE i(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM i WHERE id < {Accounts - 1})
                INSERT INTO accounts SELECT id, {OpeningBalance}, hex(randomblob(150)) FROM i;
                COMMIT;
                PRAGMA wal_checkpoint(TRUNCATE);
                """);
        }

        var count = (int)Scalar("SELECT count(*) FROM transfers");
        History.RemoveRange(count, History.Count - count);
    }

    public void Transfer(int count)
    {
        using var pay = Command("UPDATE accounts SET balance = balance + $amount WHERE id = $id", "$amount", "$id");
        using var record = Command("INSERT INTO transfers VALUES ($n, $source, $target, $amount, NULL)", "$n", "$source", "$target", "$amount");
        for (var i = 0; i < count; i++)
        {
            var transfer = new Transfer(_random.Next(Accounts), _random.Next(Accounts), _random.Next(1, 100));
            using var transaction = _connection!.BeginTransaction();
            pay.Transaction = record.Transaction = transaction;
            Run(pay, -transfer.Amount, transfer.Source);
            Run(pay, transfer.Amount, transfer.Target);
            Run(record, History.Count + 1, transfer.Source, transfer.Target, transfer.Amount);
            transaction.Commit();
            History.Add(transfer);
        }
    }

    /// <summary>
    /// Transfers of an account to itself, as fast as they go until the token ends: each is one new row with a note, thirty to a
    /// page, so that what is lost is not written again.
    /// </summary>
    public void RecordUntil(CancellationToken ended)
    {
        using var record = Command($"INSERT INTO transfers VALUES ($n, $source, $target, $amount, '{new string('.', 100)}')", "$n", "$source", "$target", "$amount");
        while (!ended.IsCancellationRequested)
        {
            var account = _random.Next(Accounts);
            Run(record, History.Count + 1, account, account, 1);
            History.Add(new Transfer(account, account, 1));
        }
    }

    public void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    public void Dispose() => Close();

    private static void Run(SqliteCommand command, params int[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }

        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params string[] parameters)
    {
        var command = _connection!.CreateCommand();
#pragma warning disable CA2100 // The SQL is ours.
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter, SqliteType.Integer);
        }

        return command;
    }

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private long Scalar(string sql)
    {
        using var command = Command(sql);
        return (long)command.ExecuteScalar()!;
    }
}
