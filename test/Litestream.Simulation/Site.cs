using Litestream.Shadow;
using Litestream.Testing.Capture;
using Litestream.Wal;

namespace Litestream.Simulation;

/// <summary>One machine: a disk, the application on it, and the engine while it runs.</summary>
internal sealed class Site : IDisposable
{
    private readonly Oracle _oracle;
    private readonly Dictionary<(WalSalts Salts, uint Frame), State> _frames = [];
    private readonly Dictionary<ReplicationPosition, State> _positions = [];
    private readonly Dictionary<(string Generation, int Index), (WalHeader Header, long Length)> _indexes = [];
    private DatabaseReader? _reader;

    public Site(int number, Volume volume, Oracle oracle, Swarm swarm, Random random)
    {
        (Number, Volume, _oracle) = (number, volume, oracle);
        App = new Application(volume.DatabasePath, swarm, random);
    }

    public int Number { get; }

    public Volume Volume { get; }

    public Application App { get; }

    public SimulatedEngine? Engine { get; set; }

    /// <summary>Set when the process has died in the middle of something: who goes on from what was on the disk then.</summary>
    public Site? Successor { get; set; }

    /// <summary>The state that is committed.</summary>
    public State Current { get; private set; } = new(-1, "");

    /// <summary>True if the WAL held nothing when the state was looked at.</summary>
    public bool WalIsEmpty { get; private set; }

    public DatabaseReader Reader => _reader ??= new DatabaseReader(Volume.DatabasePath);

    /// <summary>Sees what is committed, and at which frame.</summary>
    public void Look()
    {
        var header = Reader.Begin();
        try
        {
            Current = _oracle.Note(Reader.Read());
        }
        finally
        {
            Reader.End();
        }

        WalIsEmpty = header is { MaxFrame: 0 };
        if (header is { MaxFrame: > 0 } at)
        {
            _frames[(at.Salts, at.MaxFrame)] = Current;
        }
    }

    /// <summary>Learns what the positions of the shadow mean.</summary>
    public void Learn()
    {
        if (Engine?.Replicator.Shadow is not ShadowWal { Head: { } head } shadow)
        {
            return;
        }

        foreach (var index in shadow.Indexes(head.Position.Generation))
        {
            if (shadow.Find(head.Position.Generation, index) is { Header: { } header } found)
            {
                _indexes[(found.Generation, index)] = (header, found.Length);
                _oracle.Captured(found.Generation, index, found.Length);
            }
        }

        if (WalIsEmpty && Expect(head.Position) is null)
        {
            _positions[head.Position] = Current;
        }

        if (Expect(head.Position) is { } state)
        {
            _oracle.Know(head.Position, state);
        }
    }

    /// <summary>What a position of the generation in use is; null if that is not known.</summary>
    public State? Expect(ReplicationPosition position)
    {
        if (_positions.TryGetValue(position, out var state))
        {
            return state;
        }

        if (position is { Offset: 0, Index: > 0 })
        {
            return _indexes.TryGetValue((position.Generation, position.Index - 1), out var before)
                ? Expect(position with { Index = position.Index - 1, Offset = before.Length })
                : null;
        }

        return position.Offset > 0 && _indexes.TryGetValue((position.Generation, position.Index), out var index)
            ? _frames.GetValueOrDefault((index.Header.Salts, (uint)WalFormat.FramesUpTo(position.Offset, index.Header.PageSize)))
            : null;
    }

    /// <summary>Another machine with what is on this one's disk now.</summary>
    public Site Fork(int number, Swarm swarm, Random random, Random? cut)
    {
        var fork = new Site(number, Volume.Copy(Reader, cut), _oracle, swarm, random);
        foreach (var (frame, state) in _frames)
        {
            fork._frames[frame] = state;
        }

        foreach (var (position, state) in _positions)
        {
            fork._positions[position] = state;
        }

        foreach (var (index, found) in _indexes)
        {
            fork._indexes[index] = found;
        }

        return fork;
    }

    /// <summary>Everybody closes the database, the application last.</summary>
    public void CloseAll()
    {
        _reader?.Dispose();
        _reader = null;
        App.Close();
    }

    public void Dispose()
    {
        Engine?.Dispose();
        _reader?.Dispose();
        App.Dispose();
        Volume.Dispose();
    }
}
