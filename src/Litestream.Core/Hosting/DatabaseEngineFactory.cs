using Litestream.Replication;
using Microsoft.Extensions.Logging;

namespace Litestream.Hosting;

/// <summary>Makes the engine that replicates for real.</summary>
internal sealed class DatabaseEngineFactory(IWalWatcher watcher, TimeProvider timeProvider, ILoggerFactory loggerFactory) : IDatabaseEngineFactory
{
    /// <inheritdoc/>
    public IDatabaseEngine Create(DatabaseDefinition definition) => new DatabaseEngine(definition, watcher, timeProvider, loggerFactory);
}
