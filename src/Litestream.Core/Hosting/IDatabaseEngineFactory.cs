namespace Litestream.Hosting;

/// <summary>Makes the engine of one database. Touches neither the database nor its replicas.</summary>
internal interface IDatabaseEngineFactory
{
    /// <summary>Makes an engine that has not begun anything yet.</summary>
    IDatabaseEngine Create(DatabaseDefinition definition);
}
