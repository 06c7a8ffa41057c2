namespace Litestream.Hosting;

/// <summary>Which databases there are at this moment, by name and by path. Thread-safe.</summary>
internal sealed class DatabaseRegister
{
    /// <summary>How many a message names; an application may have one for each of its tenants.</summary>
    private const int MostNamed = 20;

    private readonly Lock _lock = new(); // guards the fields below; taken alone
    private readonly Dictionary<string, ManagedDatabase> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, ManagedDatabase> _byPath = new(PathOrder.Comparer);
    private ManagedDatabase[]? _all;
    private ILitestreamDatabase[]? _public;
    private bool _closed;

    /// <summary>All of them, in order of name. What is returned is never changed, and is the same until another comes or goes.</summary>
    public IReadOnlyList<ManagedDatabase> All
    {
        get
        {
            lock (_lock)
            {
                return Sorted();
            }
        }
    }

    /// <summary>The same, as the application gets to see them.</summary>
    public IReadOnlyList<ILitestreamDatabase> Public
    {
        get
        {
            lock (_lock)
            {
                return _public ??= [.. Sorted().Select(database => database.Public)];
            }
        }
    }

    /// <summary>Adds one, whose name and place nobody else has.</summary>
    /// <returns>False if the register is closed.</returns>
    public bool TryAdd(ManagedDatabase database)
    {
        lock (_lock)
        {
            if (_closed)
            {
                return false;
            }

            _byName.Add(database.Definition.Name, database);
            _byPath.Add(database.Definition.Path, database);
            (_all, _public) = (null, null);
            return true;
        }
    }

    /// <summary>Takes one out.</summary>
    public void Remove(ManagedDatabase database)
    {
        lock (_lock)
        {
            _byName.Remove(database.Definition.Name);
            _byPath.Remove(database.Definition.Path);
            (_all, _public) = (null, null);
        }
    }

    /// <summary>Nobody is added any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }
    }

    /// <summary>The one of this name, whatever its case; null if there is none.</summary>
    public ManagedDatabase? FindInAnyCase(string name)
    {
        lock (_lock)
        {
            return _byName.GetValueOrDefault(name);
        }
    }

    /// <summary>The one of this name; null if there is none.</summary>
    public ManagedDatabase? Find(string name) => FindInAnyCase(name) is { } found && found.Definition.Name == name ? found : null;

    /// <summary>The one whose file is at this full path, links resolved; null if there is none.</summary>
    public ManagedDatabase? FindByPath(string path)
    {
        lock (_lock)
        {
            return _byPath.GetValueOrDefault(path);
        }
    }

    /// <exception cref="KeyNotFoundException">There is none; the message lists those there are.</exception>
    public ManagedDatabase Get(string name)
    {
        if (Find(name) is { } found)
        {
            return found;
        }

        var all = All;
        throw new KeyNotFoundException(all.Count == 0
            ? $"There is no database '{name}': no databases are configured, and none was added."
            : $"There is no database '{name}'. There are: {string.Join(", ", all.Take(MostNamed).Select(database => database.Definition.Name))}"
                + (all.Count > MostNamed ? $" and {all.Count - MostNamed} more." : "."));
    }

    private ManagedDatabase[] Sorted() =>
        _all ??= [.. _byName.Values.OrderBy(database => database.Definition.Name, StringComparer.Ordinal)];
}
