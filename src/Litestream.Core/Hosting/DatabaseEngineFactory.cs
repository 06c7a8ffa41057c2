using Litestream.Diagnostics;
using Litestream.Replication;
using Litestream.Sqlite;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>Makes the engine that replicates for real.</summary>
internal sealed class DatabaseEngineFactory(
    IWalWatcher watcher, TimeProvider timeProvider, ILoggerFactory loggerFactory, LitestreamMetrics? metrics = null, StateChanges? changes = null, HeavyWork? heavy = null)
    : IDatabaseEngineFactory
{
    // A factory is a host's.
    private readonly HeavyWork _heavy = heavy ?? new HeavyWork();

    /// <inheritdoc/>
    /// <exception cref="LitestreamException">The SQLite that the application brings cannot be used: no waiting would mend that.</exception>
    public IDatabaseEngine Create(DatabaseDefinition definition)
    {
        SqliteLibrary.EnsureReady();
        return new DatabaseEngine(definition, watcher, _heavy, timeProvider, loggerFactory, metrics, changes);
    }
}
