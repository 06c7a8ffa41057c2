using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Litestream.SideBySide;

/// <summary>Looks through a restored bank: which of its states it is, or that it is none.</summary>
internal static class Audit
{
    public static Verdict Of(string path, IReadOnlyList<Transfer> history, int due)
    {
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
            connection.Open();
            return Judge(connection, history, due);
        }
        catch (SqliteException exception)
        {
            return new Verdict(Outcome.Wrong, $"SQLite says: {exception.Message}");
        }
    }

    private static Verdict Judge(SqliteConnection connection, IReadOnlyList<Transfer> history, int due)
    {
        if (Text(connection, "PRAGMA integrity_check(1)") is var integrity && integrity != "ok")
        {
            return new Verdict(Outcome.Wrong, $"integrity_check: {integrity.ReplaceLineEndings(" ")}");
        }

        var count = int.Parse(Text(connection, "SELECT count(*) FROM transfers"), CultureInfo.InvariantCulture);
        if (count > history.Count || !Transfers(connection).SequenceEqual(history.Take(count)))
        {
            return new Verdict(Outcome.Wrong, string.Create(CultureInfo.InvariantCulture, $"{count} transfers, which are not the first {count} of the {history.Count} that were committed"));
        }

        var off = Balances(connection).Zip(Expected(history.Take(count)), (held, due) => held == due).Count(equal => !equal);
        if (off != 0)
        {
            return new Verdict(Outcome.Wrong, string.Create(
                CultureInfo.InvariantCulture, $"{off} of {Bank.Accounts} balances are not what the transfers add up to, though integrity_check says ok"));
        }

        var state = string.Create(CultureInfo.InvariantCulture, $"{count} of {history.Count} transfers");
        return new Verdict(count >= due ? Outcome.Right : Outcome.Older, state);
    }

    private static int[] Expected(IEnumerable<Transfer> transfers)
    {
        var balances = Enumerable.Repeat(Bank.OpeningBalance, Bank.Accounts).ToArray();
        foreach (var transfer in transfers)
        {
            balances[transfer.Source] -= transfer.Amount;
            balances[transfer.Target] += transfer.Amount;
        }

        return balances;
    }

    private static IEnumerable<int> Balances(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT balance FROM accounts ORDER BY id";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return reader.GetInt32(0);
        }
    }

    private static IEnumerable<Transfer> Transfers(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT source, target, amount FROM transfers ORDER BY n";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return new Transfer(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2));
        }
    }

    private static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The SQL is ours.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
