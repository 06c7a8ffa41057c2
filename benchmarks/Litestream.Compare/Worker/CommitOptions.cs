using System.Globalization;

namespace Litestream.Compare.Worker;

/// <summary>What an application commits.</summary>
/// <param name="Database">The file, which is there.</param>
/// <param name="Api">By what.</param>
/// <param name="PerSecond">How often; 0 for as often as it can.</param>
/// <param name="Seconds">For how long.</param>
/// <param name="Replica">Where this library replicates it to, in the same process; null if it does not.</param>
/// <param name="Interval">The library's interval; null for its default.</param>
/// <param name="UseLitestream">Whether connections are set up by UseLitestream.</param>
/// <param name="Log">A file for the moment and the place in the WAL of each commit; null for none.</param>
internal sealed record CommitOptions(
    string Database, CommitApi Api, int PerSecond, double Seconds, string? Replica, TimeSpan? Interval, bool UseLitestream, string? Log)
{
    public static CommitOptions? Parse(string[] args) => args is [var database, var api, var rate, var seconds, var replica, var interval, var use, var log]
        ? new CommitOptions(
            database, Enum.Parse<CommitApi>(api), int.Parse(rate, CultureInfo.InvariantCulture), double.Parse(seconds, CultureInfo.InvariantCulture),
            replica.Length > 0 ? replica : null, ReplicationProgram.Interval(interval), use == "True", log.Length > 0 ? log : null)
        : null;

    public string[] ToArguments() =>
    [
        "commits", Database, Api.ToString(), PerSecond.ToString(CultureInfo.InvariantCulture), Seconds.ToString(CultureInfo.InvariantCulture), Replica ?? "",
        Interval is { } interval ? interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) : "default", UseLitestream.ToString(), Log ?? "",
    ];
}
