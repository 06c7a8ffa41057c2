using System.Collections.Concurrent;

namespace Litestream.Hosting;

/// <summary>Makes <see cref="FakeDatabaseEngine"/>s, which all write into one journal.</summary>
internal sealed class FakeDatabaseEngineFactory : IDatabaseEngineFactory
{
    /// <summary>What the engines were asked to do, in order.</summary>
    public ConcurrentQueue<string> Journal { get; } = new();

    public ConcurrentQueue<FakeDatabaseEngine> Engines { get; } = [];

    /// <summary>Sets up each engine when it is made.</summary>
    public Action<FakeDatabaseEngine> OnCreate { get; set; } = _ => { };

    /// <summary>The one that was made last under this name.</summary>
    public FakeDatabaseEngine this[string name] => Engines.Last(engine => engine.Name == name);

    public IDatabaseEngine Create(DatabaseDefinition definition)
    {
        var engine = new FakeDatabaseEngine(definition, Journal);
        OnCreate(engine);
        Engines.Enqueue(engine);
        return engine;
    }
}
