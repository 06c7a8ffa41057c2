using Litestream.Testing;

namespace Litestream.Interop;

/// <summary>A database and its replica in a folder of the test's own.</summary>
internal sealed class Run : IDisposable
{
    private int _copies;

    public TempDirectory Folder { get; } = new();

    public string Database => Folder.File("app.db");

    public string Replica => Folder.File("replica");

    /// <summary>How many lives of the WAL the replica knows of.</summary>
    public int Indexes => ListReplica().Where(file => file.EndsWith(".wal.lz4", StringComparison.Ordinal))
        .Select(file => Path.GetFileName(file).Split('_')[0]).Distinct().Count();

    /// <summary>The real program, replicating.</summary>
    public Task<ChildProcess> TheirsAsync(ReplicateOptions? options = null) =>
        RealLitestream.ReplicateAsync(Folder, Database, Replica, options);

    /// <summary>This library, replicating, with checkpoints often enough for many indexes.</summary>
    public Task<ReplicatorProcess> OursAsync() =>
        ReplicatorProcess.StartAsync(Database, Replica, checkpointMilliseconds: 300, minCheckpointPages: 200);

    /// <summary>The replica as it is now, while uploads go on: objects appear whole, in order, and never change.</summary>
    public string CopyOfReplica()
    {
        // A listing can pass over a name that appears before one it shows; two that are equal saw everything.
        var files = ListReplica();
        for (var again = ListReplica(); !again.SequenceEqual(files); again = ListReplica())
        {
            files = again;
        }

        var copy = Folder.File($"replica-{Interlocked.Increment(ref _copies)}");
        foreach (var file in files)
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Replica, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
            File.SetLastWriteTimeUtc(target, File.GetLastWriteTimeUtc(file));
        }

        return copy;
    }

    public void Dispose() => Folder.Dispose();

    private List<string> ListReplica() =>
        [.. Directory.EnumerateFiles(Replica, "*.lz4", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
