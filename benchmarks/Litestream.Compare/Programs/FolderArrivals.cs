using System.Diagnostics;

namespace Litestream.Compare.Programs;

/// <summary>Sees the segments of one generation arrive in a folder, under their final names.</summary>
internal sealed class FolderArrivals : IArrivals
{
    private readonly List<Arrival> _seen = [];
    private readonly HashSet<ObjectName> _names = [];
    private readonly FileSystemWatcher _watcher;

    /// <param name="wal">The folder of the generation's WAL, which is there.</param>
    public FolderArrivals(string wal)
    {
        _watcher = new FileSystemWatcher(wal) { InternalBufferSize = 1 << 20, NotifyFilter = NotifyFilters.FileName };
        _watcher.Created += (_, file) => Add(file.FullPath);
        _watcher.Renamed += (_, file) => Add(file.FullPath);
        _watcher.EnableRaisingEvents = true;
        foreach (var file in Directory.EnumerateFiles(wal))
        {
            Add(file);
        }
    }

    public IReadOnlyList<Arrival> Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    public Task<Stream> OpenAsync(Arrival arrival) => Task.FromResult<Stream>(File.OpenRead(arrival.Key));

    public void Dispose() => _watcher.Dispose();

    private void Add(string path)
    {
        var now = Stopwatch.GetTimestamp();
        if (ObjectName.Parse(Path.GetFileName(path)) is { } name)
        {
            lock (_seen)
            {
                if (_names.Add(name))
                {
                    _seen.Add(new Arrival(name, now, path));
                }
            }
        }
    }
}
