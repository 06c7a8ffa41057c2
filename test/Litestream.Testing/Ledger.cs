using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Litestream.Testing;

/// <summary>
/// A database whose content proves itself: every transaction adds an entry that contains the hash of the one before, and moves
/// money between two accounts on other pages. What is no state that was ever committed does not add up.
/// </summary>
public static class Ledger
{
    private const int Accounts = 64;
    private const int Balance = 1000;

    /// <summary>Makes the tables if they are not there.</summary>
    public static void Create(SqliteConnection connection)
    {
        AppDatabase.Execute(connection, "PRAGMA journal_mode=WAL");
        AppDatabase.Execute(
            connection,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                BEGIN IMMEDIATE;
                CREATE TABLE IF NOT EXISTS ledger(id INTEGER PRIMARY KEY, text TEXT NOT NULL, chain TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS accounts(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, filler BLOB NOT NULL);
                WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {Accounts})
                INSERT OR IGNORE INTO accounts SELECT id, {Balance}, zeroblob(900) FROM n;
                COMMIT;
                """));
    }

    /// <summary>One transaction.</summary>
    public static LedgerEntry Append(SqliteConnection connection, string text)
    {
        using var transaction = connection.BeginTransaction();
        var (last, chain) = Last(connection, transaction);
        var entry = Next(last, chain, text);
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            INSERT INTO ledger VALUES($id, $text, $chain);
            UPDATE accounts SET balance = balance - 1 WHERE id = 1 + $id % 64;
            UPDATE accounts SET balance = balance + 1 WHERE id = 1 + ($id * 7 + 5) % 64;
            """;
        command.Parameters.AddWithValue("$id", entry.Id);
        command.Parameters.AddWithValue("$text", text);
        command.Parameters.AddWithValue("$chain", entry.Chain);
        command.ExecuteNonQuery();
        transaction.Commit();
        return entry;
    }

    /// <summary>How many entries there are.</summary>
    public static int Count(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM ledger";
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Reads it all and proves it.</summary>
    /// <returns>The hash of every entry; that of entry n at n - 1.</returns>
    public static IReadOnlyList<string> Check(string database)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = database, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().Should().Be("ok");
        command.CommandText = "SELECT count(*) || ' ' || sum(balance) FROM accounts";
        command.ExecuteScalar().Should().Be(string.Create(CultureInfo.InvariantCulture, $"{Accounts} {Accounts * Balance}"));
        command.CommandText = "SELECT id, text, chain FROM ledger ORDER BY id";
        using var reader = command.ExecuteReader();
        var chains = new List<string>();
        while (reader.Read())
        {
            var expected = Next(chains.Count, chains.LastOrDefault() ?? "", reader.GetString(1));
            new LedgerEntry(reader.GetInt64(0), reader.GetString(2)).Should().Be(expected);
            chains.Add(expected.Chain);
        }

        return chains;
    }

    private static (long Id, string Chain) Last(SqliteConnection connection, SqliteTransaction transaction)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT id, chain FROM ledger ORDER BY id DESC LIMIT 1";
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), reader.GetString(1)) : (0, "");
    }

    private static LedgerEntry Next(long last, string chain, string text) => new(
        last + 1,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{chain} {last + 1} {text}"))))[..16]);
}
