using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>Makes what replicates a database from its options, and unmakes it: clients, definition, engine. Thread-safe.</summary>
internal sealed class DatabaseMaker(
    DatabaseChecks checks, ReplicaClients clients, DatabaseDefinitions definitions, IDatabaseEngineFactory factory)
{
    private readonly LocationRules _locations = new();

    /// <summary>The path of a database's options, for messages.</summary>
    public string AtDatabase(string name) => checks.AtDatabase(name);

    /// <summary>Makes all of it and begins nothing. If it throws, call <see cref="ReleaseClientsAsync"/>.</summary>
    /// <param name="name">Its name, which nobody else has at this moment.</param>
    /// <param name="options">Its options; nobody changes them later.</param>
    /// <param name="releaseOnStop">See <see cref="LitestreamOptions.ReleaseOnStop"/>.</param>
    /// <exception cref="OptionsValidationException">The options are not sound, or another database has one of the places; says everything.</exception>
    /// <exception cref="LitestreamException">The SQLite that the application brings cannot be used.</exception>
    public ManagedDatabase Make(string name, DatabaseOptions options, bool releaseOnStop)
    {
        var places = TakePlaces(name, options);
        try
        {
            var definition = definitions.Create(name, options, releaseOnStop);
            return new ManagedDatabase(definition, factory.Create(definition), places);
        }
        catch
        {
            places.Dispose();
            throw;
        }
    }

    /// <summary>Where a database and its replicas lie, for as long as no database of this host has them.</summary>
    /// <inheritdoc cref="Make"/>
    public DatabasePlaces TakePlaces(string name, DatabaseOptions options)
    {
        var errors = new ConfigurationErrors();
        var places = checks.Check(name, options, _locations, errors);
        if (errors.Messages.Count == 0)
        {
            return places!;
        }

        places?.Dispose();
        throw new OptionsValidationException(Options.DefaultName, typeof(LitestreamOptions), errors.Messages);
    }

    /// <summary>The definition of a database whose places were taken.</summary>
    public DatabaseDefinition Define(string name, DatabaseOptions options) => definitions.Create(name, options, releaseOnStop: true);

    /// <summary>Lets go of everything that was made for a database, which has stopped.</summary>
    public async Task UnmakeAsync(ManagedDatabase database)
    {
        try
        {
            await database.Engine.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            database.Places.Dispose();
            await ReleaseClientsAsync(database.Definition.Name).ConfigureAwait(false);
        }
    }

    /// <summary>Lets go of the clients of a database that nobody replicates.</summary>
    public ValueTask ReleaseClientsAsync(string name) => clients.ReleaseAsync(name);
}
