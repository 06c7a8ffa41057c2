using System.Globalization;

namespace Litestream.Hosting;

/// <summary>The rules that the options of one database must keep, by themselves.</summary>
internal static class DatabaseRules
{
    // Beyond this a timer cannot wait; nobody means it.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>Checks everything but the replicas.</summary>
    /// <returns>True if the paths are sound as far as one can see without the file system.</returns>
    public static bool Check(string at, string name, DatabaseOptions database, ConfigurationErrors errors)
    {
        CheckName(at, name, "database", errors);
        var problem = PathProblem(database.Path);
        if (problem is not null)
        {
            errors.Add(Key(at, nameof(database.Path)), problem);
        }

        if (!string.IsNullOrWhiteSpace(database.MetaPath) && DatabasePaths.BelongsToLitestream(database.MetaPath))
        {
            errors.Add(
                Key(at, nameof(database.MetaPath)),
                "is the folder of the program litestream; the two would delete each other's generations, so choose another, such as .FILE-litestream-net");
        }

        if (!Enum.IsDefined(database.RestorePolicy))
        {
            errors.Add(Key(at, nameof(database.RestorePolicy)), $"is not one of {string.Join(", ", Enum.GetNames<RestorePolicy>())}");
        }

        CheckDuration(Key(at, nameof(database.MonitorInterval)), database.MonitorInterval, zeroAllowed: false, errors);
        CheckDuration(Key(at, nameof(database.CheckpointInterval)), database.CheckpointInterval, zeroAllowed: true, errors);
        CheckDuration(Key(at, nameof(database.BusyTimeout)), database.BusyTimeout, zeroAllowed: true, errors);
        CheckPages(at, database, errors);
        if (database.ShadowLimit <= 0)
        {
            errors.Add(Key(at, nameof(database.ShadowLimit)), "must be more than 0 bytes");
        }

        if (database.Replicas.Count == 0)
        {
            errors.Add(Key(at, nameof(database.Replicas)), "is empty; a database needs at least one replica");
        }

        return problem is null;
    }

    /// <summary>A name is part of configuration paths, of log fields and of metric attributes.</summary>
    public static void CheckName(string at, string name, string kind, ConfigurationErrors errors)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            errors.Add(at, $"the name of a {kind} must not be empty");
        }
        else if (name.AsSpan().IndexOfAny("/\\:") >= 0 || name.Any(char.IsControl))
        {
            errors.Add(at, $"the name of a {kind} must not contain '/', '\\', ':' or control characters");
        }
    }

    /// <summary>Checks that a duration makes sense.</summary>
    public static void CheckDuration(string at, TimeSpan duration, bool zeroAllowed, ConfigurationErrors errors)
    {
        if (duration < TimeSpan.Zero || (duration == TimeSpan.Zero && !zeroAllowed))
        {
            errors.Add(at, zeroAllowed ? "must not be negative" : "must be longer than zero");
        }
        else if (duration > Longest)
        {
            errors.Add(at, string.Create(CultureInfo.InvariantCulture, $"must not be longer than {Longest.TotalDays} days"));
        }
    }

    private static void CheckPages(string at, DatabaseOptions database, ConfigurationErrors errors)
    {
        if (database.MinCheckpointPages < 1)
        {
            errors.Add(Key(at, nameof(database.MinCheckpointPages)), "must be at least 1");
        }
        else if (database.MaxCheckpointPages < database.MinCheckpointPages)
        {
            errors.Add(
                Key(at, nameof(database.MaxCheckpointPages)),
                string.Create(CultureInfo.InvariantCulture, $"must not be less than {nameof(database.MinCheckpointPages)}, which is {database.MinCheckpointPages}"));
        }
    }

    // The value is not repeated: a connection string may hold a password.
    private static string? PathProblem(string path) => path switch
    {
        _ when string.IsNullOrWhiteSpace(path) => "is missing; give the path of the database file",
        _ when ConnectionString.Looks(path) => "is a connection string; give the path of the database file, not the connection string",
        _ when path.Contains(":memory:", StringComparison.OrdinalIgnoreCase) => "names a database in memory, which has no WAL to replicate; give the path of a file",
        _ when path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) => "is a URI; give the plain path of the database file",
        _ when path.Contains("|DataDirectory|", StringComparison.OrdinalIgnoreCase) => "holds |DataDirectory|, which only connection strings know; give the path of the database file",
        _ when path.Contains('\0', StringComparison.Ordinal) => "holds a NUL character",
        _ when Path.EndsInDirectorySeparator(path) => "is a folder; give the path of the database file",
        _ => null,
    };

    private static string Key(string at, string key) => $"{at}:{key}";
}
