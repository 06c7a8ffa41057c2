namespace Litestream.Hosting;

/// <summary>
/// One change of a name at a time, so that calls which add and remove one database happen one after the other, whoever makes
/// them. Keeps nothing of a name that nobody changes. Thread-safe.
/// </summary>
internal sealed class NameTurns
{
    private readonly Lock _lock = new(); // guards the dictionary and the counts in it; taken alone

    // 'App' and 'app' cannot be two databases, so they are one name.
    private readonly Dictionary<string, Name> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The right to change a name, given back when disposed.</summary>
    public async Task<IDisposable> TakeAsync(string name, CancellationToken cancellationToken)
    {
        Name turns;
        lock (_lock)
        {
            if (!_names.TryGetValue(name, out turns!))
            {
                _names[name] = turns = new Name();
            }

            turns.Users++;
        }

        try
        {
            await turns.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Leave(name, turns);
            throw;
        }

        return new Taken(this, name, turns);
    }

    private void Leave(string name, Name turns)
    {
        lock (_lock)
        {
            if (--turns.Users > 0)
            {
                return;
            }

            _names.Remove(name);
        }

        turns.Dispose();
    }

    private sealed class Name : IDisposable
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Users { get; set; }

        public void Dispose() => Turn.Dispose();
    }

    private sealed class Taken(NameTurns all, string name, Name turns) : IDisposable
    {
        public void Dispose()
        {
            turns.Turn.Release();
            all.Leave(name, turns);
        }
    }
}
