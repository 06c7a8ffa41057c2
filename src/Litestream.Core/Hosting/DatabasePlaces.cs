namespace Litestream.Hosting;

/// <summary>Where one database and its replicas lie: nobody else may, until this is disposed.</summary>
internal sealed class DatabasePlaces(Lock guard) : IDisposable
{
    private readonly List<(PlaceIndex Index, string Path, string Who)> _places = [];

    /// <summary>Remembers a place that was taken. Under the lock.</summary>
    public void Add(PlaceIndex index, string path, string who) => _places.Add((index, path, who));

    public void Dispose()
    {
        lock (guard)
        {
            foreach (var (index, path, who) in _places)
            {
                index.Remove(path, who);
            }

            _places.Clear();
        }
    }
}
