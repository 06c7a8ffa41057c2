namespace Litestream.Hosting;

/// <summary>One database of a host, and how far it has been taken.</summary>
internal sealed class ManagedDatabase(DatabaseDefinition definition, IDatabaseEngine engine, DatabasePlaces places)
{
    /// <summary>What the engine was made from.</summary>
    public DatabaseDefinition Definition { get; } = definition;

    /// <summary>What replicates it.</summary>
    public IDatabaseEngine Engine { get; } = engine;

    /// <summary>Where it and its replicas lie.</summary>
    public DatabasePlaces Places { get; } = places;

    /// <summary>What the application gets to see.</summary>
    public ILitestreamDatabase Public { get; } = new ReplicatedDatabase(engine);

    /// <summary>True once opening has succeeded.</summary>
    public bool IsOpen { get; set; }

    /// <summary>True once anything was begun, whatever came of it, until it has been stopped.</summary>
    public bool NeedsStop { get; set; }
}
