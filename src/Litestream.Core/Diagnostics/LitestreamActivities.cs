using System.Diagnostics;
using System.Reflection;

namespace Litestream.Diagnostics;

/// <summary>
/// The spans: <c>litestream sync</c>, <c>checkpoint</c>, <c>snapshot</c>, <c>restore</c> and <c>verify</c>. Each begins only
/// where there is work, so an idle tick makes none. Positions are attributes here, and of no metric.
/// </summary>
internal static class LitestreamActivities
{
    public const string Sync = "litestream sync";
    public const string Checkpoint = "litestream checkpoint";
    public const string Snapshot = "litestream snapshot";
    public const string Restore = "litestream restore";
    public const string Verify = "litestream verify";

    public const string Position = "litestream.position";

    /// <summary>The version that meter and spans carry, without the commit it was built from.</summary>
    public static readonly string Version = typeof(LitestreamActivities).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    private static readonly ActivitySource Source = new(LitestreamDiagnostics.ActivitySourceName, Version);

    /// <summary>True if somebody records spans; ask before making tags.</summary>
    public static bool IsRecorded => Source.HasListeners();

    /// <summary>Begins a span; null if nobody records it.</summary>
    /// <param name="name">One of the names above.</param>
    /// <param name="database">Name of the database; null where it is not known, in a restore by a client alone.</param>
    /// <param name="replica">Name of the replica, if it is about one.</param>
    public static Activity? Begin(string name, string? database, string? replica = null)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        return Tag(Source.StartActivity(name), database, replica);
    }

    /// <summary>A span of what turned out to have been work only when it was over.</summary>
    public static Activity? BeginAt(string name, string database, DateTimeOffset startedAt) =>
        Source.HasListeners()
            ? Tag(Source.StartActivity(name, ActivityKind.Internal, default(ActivityContext), tags: null, links: null, startedAt), database, replica: null)
            : null;

    /// <summary>The work of the span failed.</summary>
    public static void Fail(this Activity? activity, Exception exception)
    {
        if (activity is not null)
        {
            activity.SetTag(LitestreamMetrics.ErrorType, ErrorTypes.Of(exception));
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
        }
    }

    private static Activity? Tag(Activity? activity, string? database, string? replica)
    {
        if (activity is not null && database is not null)
        {
            activity.SetTag(LitestreamMetrics.DatabaseName, database);
        }

        if (activity is not null && replica is not null)
        {
            activity.SetTag(LitestreamMetrics.ReplicaName, replica);
        }

        return activity;
    }
}
