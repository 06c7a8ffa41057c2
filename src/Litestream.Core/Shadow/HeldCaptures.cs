using Litestream.Sqlite;

namespace Litestream.Shadow;

/// <summary>
/// The read marks that stay until the process ends. If the last connection to a database closes, SQLite checkpoints and
/// deletes the WAL, and the next start needs a whole new snapshot; an application's pools are closed when it exits. So the
/// connection that holds the mark is not closed when a host stops: it ends with the process, or a later host takes it.
/// </summary>
/// <remarks>Thread-safe. Bounded by the number of databases, and by how often files are replaced underneath the process.</remarks>
internal static class HeldCaptures
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, HeldCapture> Held = new(StringComparer.Ordinal);
    private static readonly List<ReadMarks> Abandoned = [];

    /// <summary>Keeps a capture for a later host.</summary>
    public static void Keep(string metaPath, HeldCapture capture)
    {
        lock (Gate)
        {
            Held[metaPath] = capture;
        }
    }

    /// <summary>Takes the capture that an earlier host left, if there is one.</summary>
    public static HeldCapture? Take(string metaPath)
    {
        lock (Gate)
        {
            return Held.Remove(metaPath, out var capture) ? capture : null;
        }
    }

    /// <summary>
    /// Keeps the connections to a file that is not at its path any more. Closing them would drop the locks which the
    /// application holds on the new file's <c>-shm</c>, which has the same path.
    /// </summary>
    public static void Abandon(ReadMarks marks)
    {
        lock (Gate)
        {
            Abandoned.Add(marks);
        }
    }
}
